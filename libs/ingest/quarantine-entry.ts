import { type Static, Type } from 'typebox';
import { closed, count, instant, oneOf, orNull, text } from '../http/openapi/answer-schemas.js';

export const QUARANTINE_STATUSES = ['waiting', 'replayed', 'resolved', 'discarded'] as const;
export type QuarantineStatus = (typeof QUARANTINE_STATUSES)[number];

export const quarantineEntryFields = {
  id: Type.String({ format: 'uuid', description: 'The entry.' }),
  channel: text('The channel it arrived on: `http`, or `kafka:` and the topic.'),
  actor: text('Who sent it.'),
  eventId: orNull(text('As the sender gave it.')),
  source: orNull(text('As the sender gave it.')),
  type: orNull(text('As the sender gave it.')),
  reason: text('Why it was not accepted, in kebab-case.'),
  field: text('What was wrong.'),
  detail: text('What was wrong and what to do.'),
  bytes: count('Its size.'),
  seen: count('Number of times that the same bytes arrived.'),
  status: oneOf(
    QUARANTINE_STATUSES,
    'Whether it waits, was accepted by a replay, was resolved by a corrected event of the same source and id, or was discarded.',
  ),
  settledBy: orNull(text('Who replayed or discarded it, or sent the corrected event.')),
  firstSeenAt: instant('When it came in first.'),
  lastSeenAt: instant('When it came in last.'),
};

/** Something that was not accepted, without its bytes. */
export const QuarantineEntry = closed(quarantineEntryFields);
export type QuarantineEntry = Static<typeof QuarantineEntry>;
