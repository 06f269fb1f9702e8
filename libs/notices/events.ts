import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Label, Line } from '../events/schemas.js';

export const CHANNELS = ['webhook', 'email'] as const;
export const KINDS = [
  'measure-imposed',
  'measure-reversed',
  'measure-lifted',
  'appeal-decided',
  'flag-decided',
  'invitation',
  'address-confirmation',
] as const;
export const ROLES = ['subject', 'reporter'] as const;
export const LANGUAGES = ['en', 'de'] as const;

const noticeId = EntityId('The notice, which a webhook and an e-mail carry too: who receives it twice can tell.');

export const NoticeQueued = defineEvent({
  type: 'NoticeQueued',
  version: 1,
  summary: 'A person is to be notified of a decision; again if somebody ordered the redelivery.',
  schema: eventData({
    noticeId,
    accountId: EntityId('The account of the person to be notified.'),
    role: Type.Enum([...ROLES], {
      description: 'Whether the decision is about their account, or about what they flagged.',
    }),
    channel: Type.Enum([...CHANNELS], { description: 'How they are notified.' }),
    kind: Type.Enum([...KINDS], { description: 'What was decided.' }),
    outcome: Label(
      'How: the measure that was imposed or reversed, what a lifted measure leaves, or the outcome of the appeal or of the review; of an invitation, whether it was sent or is about to end; `requested` of the confirmation of an address.',
    ),
    action: Type.Optional(Label('The action that a restriction denies.')),
    until: Type.Optional(Instant('When the measure, the invitation or the link ends.')),
    clause: Type.Optional(Label('The clause of the content policy.')),
    reason: Type.Optional(Line('Why, as the reviewer of the appeal put it.')),
    enforcementId: Type.Optional(EntityId('The measure.')),
    caseId: Type.Optional(EntityId('The case.')),
    batchId: Type.Optional(EntityId('The batch of the invitation.')),
    requestId: Type.Optional(EntityId('The request to confirm the address.')),
    decidedBy: Type.Optional(
      Type.Enum(['reviewers', 'operator', 'other-system'], { description: 'Who decided on the measure.' }),
    ),
    appealUntil: Type.Optional(Instant('Until when the person can appeal.')),
    language: Type.Enum([...LANGUAGES], { description: 'The language of the text.' }),
  }),
  example: {
    noticeId: '0196e0f0-0000-8000-8000-000000000001',
    accountId: 'acc-1',
    role: 'subject',
    channel: 'email',
    kind: 'measure-imposed',
    outcome: 'deactivate',
    clause: 'violent',
    enforcementId: 'img-1',
    caseId: 'img-1',
    decidedBy: 'reviewers',
    appealUntil: '2022-11-15T10:20:00.000Z',
    language: 'en',
  },
});

const attempt = Count('The number of the attempt, counted from 1 since the notice was queued.', 1);

export const NoticeDelivered = defineEvent({
  type: 'NoticeDelivered',
  version: 1,
  summary: 'A notice was accepted by the receiver’s server.',
  schema: eventData({ noticeId, attempt }),
  example: { noticeId: '0196e0f0-0000-8000-8000-000000000001', attempt: 1 },
});

export const NoticeFailed = defineEvent({
  type: 'NoticeFailed',
  version: 1,
  summary: 'A notice could not be sent. Without another attempt it waits for somebody to order its redelivery.',
  schema: eventData({
    noticeId,
    attempt,
    error: Line('Why, without personal data.', 1),
    retryAt: Type.Optional(Instant('When it is retried; absent if it is not retried.')),
    isSkipped: Type.Optional(
      Type.Boolean({
        description:
          'Whether there is nobody to write to: the person was erased, has no address, or the mailbox does not exist.',
      }),
    ),
  }),
  example: {
    noticeId: '0196e0f0-0000-8000-8000-000000000001',
    attempt: 1,
    error: 'the server answers 503',
    retryAt: '2022-05-19T10:21:00.000Z',
  },
});

export const noticeEvents = [NoticeQueued, NoticeDelivered, NoticeFailed];

export type NoticeEvent = EventOf<(typeof noticeEvents)[number]>;
