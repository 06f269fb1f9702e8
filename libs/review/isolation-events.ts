import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Line } from '../events/schemas.js';

/** Whose flags can be kept apart. Members of the staff answer for what they flag. */
export const ISOLATED_KINDS = ['user', 'detector'] as const;

const flaggedBy = EntityId('The account or the detector that flags.');
const reason = Line('Why.', 1);

export const FlaggerIsolated = defineEvent({
  type: 'FlaggerIsolated',
  version: 1,
  summary:
    'Somebody flagged more images within an hour than the setting allows. Their flags from that one on are kept apart and open no cases.',
  schema: eventData({
    flaggedBy,
    flaggerKind: Type.Enum([...ISOLATED_KINDS], { description: 'Whether it is a user or a detector.' }),
    from: Count('The position of the first flag that is kept apart.', 1, Number.MAX_SAFE_INTEGER),
    since: Instant('The time of that flag.'),
    until: Instant('Flags of this time and later are not kept apart, unless there are too many again.'),
    perHour: Count('The flags within an hour that the setting allowed.', 1),
  }),
  example: {
    flaggedBy: 'detector-1',
    flaggerKind: 'detector',
    from: 1040,
    since: '2022-05-19T10:00:00.000Z',
    until: '2022-05-20T10:00:00.000Z',
    perHour: 500,
  },
});

export const IsolationReleased = defineEvent({
  type: 'IsolationReleased',
  version: 1,
  summary: 'A lead ended that the flags of somebody are kept apart. Only later flags count towards the limit.',
  schema: eventData({ flaggedBy, reason }),
  example: { flaggedBy: 'detector-1', reason: 'its threshold was corrected' },
});

export const IsolatedFlagsReplayed = defineEvent({
  type: 'IsolatedFlagsReplayed',
  version: 1,
  summary: 'A lead put the flags of somebody that were kept apart into the cases of their images.',
  schema: eventData({
    flaggedBy,
    after: Count('The position through which they were replayed before.', 0, Number.MAX_SAFE_INTEGER),
    through: Count('The position of the last of them.', 1, Number.MAX_SAFE_INTEGER),
    reason,
  }),
  example: { flaggedBy: 'detector-1', after: 0, through: 2040, reason: 'they are right' },
});

/** The events of a flagger's stream. */
export const isolationEvents = [FlaggerIsolated, IsolationReleased, IsolatedFlagsReplayed];

export type IsolationEvent = EventOf<(typeof isolationEvents)[number]>;
