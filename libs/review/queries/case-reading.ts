import { createHash } from 'node:crypto';
import type { EventStore } from '../../event-store/event-store.js';
import { foldRecorded, type StreamKind } from '../../kernel/decider.js';
import type { DomainEvent } from '../../kernel/envelope.js';
import { type Case, caseStream } from '../case.js';
import { type NotedFlagger, notedFlaggerStream } from '../noted-flagger.js';

/** The id of an image's and a person's stream. Ids are up to 200 characters long, so it is a hash of both. */
export const notedFlaggerId = (caseId: string, person: string): string =>
  createHash('sha256')
    .update(JSON.stringify([caseId, person]))
    .digest('base64url');

/** @throws StoreUnavailable */
export const readCase = (store: EventStore, caseId: string): Promise<Case> => read(store, caseStream, caseId);

/** Whether somebody flagged beyond what the case takes in. @throws StoreUnavailable */
export const readNotedFlagger = (store: EventStore, caseId: string, person: string): Promise<NotedFlagger> =>
  read(store, notedFlaggerStream, notedFlaggerId(caseId, person));

async function read<State, Event extends DomainEvent>(
  store: EventStore,
  kind: StreamKind<State, Event>,
  id: string,
): Promise<State> {
  return foldRecorded(kind, await store.readStream(`${kind.category}-${id}`));
}
