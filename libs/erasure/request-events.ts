import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData, Instant, Line } from '../events/schemas.js';

const requestId = EntityId('The id of the request, which its receiver chose.');

export const REQUEST_KINDS = ['export', 'erasure', 'correction'] as const;
export const REQUEST_OUTCOMES = ['done', 'refused'] as const;

export const SubjectRequestReceived = defineEvent({
  type: 'SubjectRequestReceived',
  version: 1,
  summary: 'A person asked for what is stored of them, for its erasure, or for its correction.',
  schema: eventData({
    requestId,
    person: EntityId('Whose data: the account, or the name of a member of the staff.'),
    kind: Type.Enum([...REQUEST_KINDS], { description: 'What they asked for.' }),
    receivedAt: Instant('When it was received.'),
    dueAt: Instant('Until when it has to be answered.'),
  }),
  example: {
    requestId: 'request-2022-17',
    person: 'acc-1',
    kind: 'export',
    receivedAt: '2022-05-18T09:00:00.000Z',
    dueAt: '2022-06-17T09:00:00.000Z',
  },
});

export const SubjectRequestClosed = defineEvent({
  type: 'SubjectRequestClosed',
  version: 1,
  summary: 'A request of a person about their data was answered.',
  schema: eventData({
    requestId,
    outcome: Type.Enum([...REQUEST_OUTCOMES], { description: 'Whether it was done or refused.' }),
    reason: Line('Why, or how. No personal data.', 1),
  }),
  example: { requestId: 'request-2022-17', outcome: 'done', reason: 'sent by post' },
});

/** The events of the stream of a request. */
export const requestEvents = [SubjectRequestReceived, SubjectRequestClosed];

export type RequestEvent = EventOf<(typeof requestEvents)[number]>;
