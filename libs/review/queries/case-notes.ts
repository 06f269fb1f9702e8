import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { readPersonal } from '../../event-store/read-personal.js';
import type { EventDefinition } from '../../events/event-definition.js';
import { isOf } from '../../events/event-definition.js';
import type { Clock } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { Actor, RecordedEvent } from '../../kernel/envelope.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { caseEvents } from '../events.js';
import { visibleHistory } from './visible-review.js';

/** The events in which people say something about a case in their own words. */
const WRITTEN = caseEvents.filter(({ personal }) => personal !== undefined) as readonly EventDefinition[];

export interface CaseNote {
  /** The type of the event. */
  type: string;
  writtenBy: string;
  /** When; RFC 3339. */
  at: string;
  rationale?: string;
  note?: string;
}

export interface CaseNotes {
  notes: CaseNote[];
  /** How many texts can't be read any more: their writer was erased. */
  unavailable: number;
}

/** Whether somebody wrote a note or a rationale in one of these events. */
export const hasNotes = (history: readonly RecordedEvent[]): boolean =>
  history.some((event) => writtenIn(event).length > 0);

/** Decrypts what those who worked on a case wrote about it. Who asks for it records who reads it. */
@Injectable()
export class CaseNotesReader {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Of all rounds, oldest first, without those that would tell a reader of others' verdicts before their own. */
  async ofCase(caseId: string, reader: Actor): Promise<CaseNotes> {
    const history = await this.store.readStream(`${caseStream.category}-${caseId}`);
    const state = foldRecorded(caseStream, history);
    const notes: CaseNote[] = [];
    let unavailable = 0;
    for (const event of visibleHistory(history, state, reader, this.clock.now())) {
      const words: Record<string, string> = {};
      for (const { definition, field } of writtenIn(event)) {
        const { text, isErased } = await readPersonal(this.keys, event, definition, field);
        if (text !== null) words[field] = text;
        else if (isErased) unavailable++;
      }
      if (Object.keys(words).length === 0) continue;
      notes.push({ type: event.type, writtenBy: event.metadata.actor.id, at: event.metadata.time, ...words });
    }
    return { notes, unavailable };
  }
}

/** The fields of the event in which somebody wrote something. */
function writtenIn(event: RecordedEvent): { definition: EventDefinition; field: string }[] {
  const definition = WRITTEN.find((one) => isOf(one, event));
  const data: Record<string, unknown> = event.data;
  if (!definition) return [];
  return definition
    .personal!.fields.filter((field) => data[field] !== undefined)
    .map((field) => ({ definition, field }));
}
