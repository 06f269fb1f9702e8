import { type Static, Type } from 'typebox';
import { closed, oneOf, orNull, position, text } from '../http/openapi/answer-schemas.js';
import type { Position } from '../kernel/envelope.js';

export const eventResultFields = {
  id: orNull(text('As the sender gave it.')),
  source: orNull(text('As the sender gave it.')),
  outcome: oneOf(
    ['accepted', 'duplicate', 'quarantined', 'refused'],
    'What became of it. `refused`: not accepted, and not kept in quarantine, which has no room for it or a damaged key.',
  ),
  position: Type.Optional(position('Its position in the log.')),
  reason: Type.Optional(text('Why it was not accepted, in kebab-case.')),
  field: Type.Optional(text('The attribute that was wrong, or a JSON Pointer that starts with /data.')),
  detail: Type.Optional(text('What was wrong and what to do.')),
};

export const EventResultAnswer = closed({
  ...eventResultFields,
  quarantineId: Type.Optional(
    Type.String({ format: 'uuid', description: 'The quarantine entry that keeps it until its cause is fixed.' }),
  ),
});
export type EventResultAnswer = Static<typeof EventResultAnswer>;

/** What became of one event. */
export type EventResult = Omit<EventResultAnswer, 'position'> & {
  /** Its position in the log, which reads can require. */
  position?: Position;
};

/** A spread of the whole result costs a fraction of one that leaves a field out. */
export const eventResultAnswer = (result: EventResult): EventResultAnswer =>
  result.position === undefined ? (result as EventResultAnswer) : { ...result, position: String(result.position) };
