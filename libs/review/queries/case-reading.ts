import { createHash } from 'node:crypto';
import type { EventStore } from '../../event-store/event-store.js';
import { foldRecorded, type StreamKind } from '../../kernel/decider.js';
import type { DomainEvent } from '../../kernel/envelope.js';
import { type Case, caseStream } from '../case.js';
import { type NotedFlagger, notedFlaggerStream } from '../noted-flagger.js';

/** The id of the stream of an image and a person: a hash, since each of their ids may have 200 characters. */
export const notedFlaggerId = (caseId: string, person: string): string =>
  createHash('sha256')
    .update(JSON.stringify([caseId, person]))
    .digest('base64url');

/** @throws StoreUnavailable */
export const readCase = (store: EventStore, caseId: string): Promise<Case> => read(store, caseStream, caseId);

/** Reads whether a person flagged after the case had reached its limit of flags. @throws StoreUnavailable */
export const readNotedFlagger = (store: EventStore, caseId: string, person: string): Promise<NotedFlagger> =>
  read(store, notedFlaggerStream, notedFlaggerId(caseId, person));

async function read<State, Event extends DomainEvent>(
  store: EventStore,
  kind: StreamKind<State, Event>,
  id: string,
): Promise<State> {
  return foldRecorded(kind, await store.readStream(`${kind.category}-${id}`));
}
