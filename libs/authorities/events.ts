import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Line } from '../events/schemas.js';

export const ORDER_KINDS = ['act', 'inform'] as const;
export const DISPUTE_OUTCOMES = ['upheld', 'partly-reversed', 'reversed', 'omitted'] as const;
/** The pattern of a code of the Commission, which adds codes and removes others: what was recorded stays readable. */
const Code = (description: string) =>
  Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Z][A-Z0-9_]*$', description });
const why = Line('Why it is recorded or corrected. No personal data.', 1);

export const AuthorityOrderRecorded = defineEvent({
  type: 'AuthorityOrderRecorded',
  version: 1,
  summary:
    'An order of an authority as it is known now (Digital Services Act, articles 9 and 10); what was recorded of it before is replaced. It has no personal data.',
  schema: eventData({
    orderId: EntityId('The order.'),
    kind: Type.Enum([...ORDER_KINDS], { description: 'Whether it is to act against illegal content, or to inform.' }),
    country: Type.String({
      minLength: 2,
      maxLength: 2,
      pattern: '^[A-Z]{2}$',
      description: 'The country of the authority.',
    }),
    category: Type.Optional(Code('The category of illegal content; absent if the order names none.')),
    keyword: Type.Optional(Code('A keyword of that category.')),
    items: Type.Optional(Count('Of `act`: how many items of information it names.', 1)),
    receivedAt: Instant('When it arrived.'),
    acknowledgedAt: Type.Optional(Instant('When the authority was informed that it has arrived.')),
    carriedOutAt: Type.Optional(Instant('When it was given effect.')),
    reason: why,
  }),
  example: {
    ...{ orderId: 'order-1', kind: 'act', country: 'DE', category: 'STATEMENT_CATEGORY_VIOLENCE', items: 2 },
    ...{ receivedAt: '2022-05-18T09:00:00.000Z', acknowledgedAt: '2022-05-18T10:30:00.000Z' },
    ...{ carriedOutAt: '2022-05-18T14:00:00.000Z', reason: 'letter 17' },
  },
});

export const DisputeRecorded = defineEvent({
  type: 'DisputeRecorded',
  version: 1,
  summary:
    'A dispute before an out-of-court body as it is known now (Digital Services Act, article 21); what was recorded of it before is replaced. It has no personal data.',
  schema: eventData({
    disputeId: EntityId('The dispute.'),
    submittedAt: Instant('When it was submitted to the body.'),
    decidedAt: Type.Optional(Instant('When the body decided it, or left it undecided.')),
    outcome: Type.Optional(
      Type.Enum([...DISPUTE_OUTCOMES], {
        description: 'What it decided of our decision; `omitted` if it decided nothing.',
      }),
    ),
    isImplemented: Type.Optional(Type.Boolean({ description: 'Whether its outcome was carried out here.' })),
    reason: why,
  }),
  example: {
    ...{ disputeId: 'dispute-1', submittedAt: '2022-05-18T09:00:00.000Z', decidedAt: '2022-06-18T09:00:00.000Z' },
    ...{ outcome: 'reversed', isImplemented: true, reason: 'decision 4 of the body' },
  },
});

export const TrustedFlaggerSet = defineEvent({
  type: 'TrustedFlaggerSet',
  version: 1,
  summary:
    'Whether the flags of somebody are notices of a trusted flagger from now on (Digital Services Act, article 22).',
  schema: eventData({
    flaggerId: EntityId('Its account: `flaggedBy` of its flags.'),
    isTrusted: Type.Boolean({ description: 'Whether it is a trusted flagger.' }),
    reason: why,
  }),
  example: { flaggerId: 'acc-9', isTrusted: true, reason: 'named by the Digital Services Coordinator' },
});

export const authorityEvents = [AuthorityOrderRecorded, DisputeRecorded, TrustedFlaggerSet];

export type AuthorityEvent = EventOf<(typeof authorityEvents)[number]>;
