import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Label, Line, PersonalText } from '../events/schemas.js';

export const MAX_TEXT = 4_000;

const appealId = EntityId('The appeal; it has the id of the enforcement: the case, or the id of a decision by hand.');
const appeal = {
  appealId,
  number: Count('Which appeal against this enforcement it is, counted from 1.', 1),
  accountId: EntityId('The account.'),
  caseId: Type.Optional(EntityId('The confirmed case; absent for a decision by hand.')),
  order: Count('Which order of this enforcement it is about, counted from 1.', 1),
};

const dueAt = Instant('Until when it is to be decided.');

export const AppealFiled = defineEvent({
  type: 'AppealFiled',
  version: 1,
  summary: 'The holder of an account appealed against a measure, through the service they log in to.',
  personal: { person: 'accountId', fields: ['text'] },
  schema: eventData({
    ...appeal,
    since: Type.Optional(
      Count(
        'The round of the case whose confirmation it is about. Absent for a decision by hand, and from earlier releases.',
        1,
      ),
    ),
    text: PersonalText(MAX_TEXT, 'What the person writes. Stored encrypted.'),
    hasNewEvidence: Type.Boolean({
      description: 'Whether it brings evidence that was not known when the last appeal was decided.',
    }),
    dueAt,
  }),
  example: {
    ...{ appealId: 'img-1', number: 1, accountId: 'acc-1', caseId: 'img-1', order: 1, since: 1 },
    text: 'it is a still from my own film',
    hasNewEvidence: false,
    dueAt: '2022-06-02T10:00:00.000Z',
  },
});

const reviewer = EntityId('The reviewer.');

export const AppealClaimed = defineEvent({
  type: 'AppealClaimed',
  version: 1,
  summary: 'A reviewer claimed an appeal, or renewed the claim, which then has the same token.',
  schema: eventData({
    appealId,
    reviewer,
    until: Instant('When the lease ends.'),
    token: Count('The fencing token of the claim: the number of claims on the appeals so far.', 1),
  }),
  example: { appealId: 'img-1', reviewer: 'rev-2', until: '2022-05-20T10:05:00.000Z', token: 1 },
});

export const AppealReleased = defineEvent({
  type: 'AppealReleased',
  version: 1,
  summary: 'A reviewer released a claimed appeal.',
  schema: eventData({ appealId, reviewer }),
  example: { appealId: 'img-1', reviewer: 'rev-2' },
});

export const AppealHandedOver = defineEvent({
  type: 'AppealHandedOver',
  version: 1,
  summary: 'An open appeal was handed over to a person who is to hear it. Nobody else can claim it until a given time.',
  schema: eventData({
    appealId,
    by: EntityId('Who handed it over.'),
    reviewer: EntityId('Who is to hear it.'),
    until: Instant('When it is free for everybody again.'),
    reason: Type.Optional(Line('Why. No personal data.', 1)),
  }),
  example: {
    appealId: 'img-1',
    by: 'lena',
    reviewer: 'rev-2',
    until: '2022-05-21T10:00:00.000Z',
    reason: 'reads Welsh',
  },
});

export const AppealOverdue = defineEvent({
  type: 'AppealOverdue',
  version: 1,
  summary: 'An appeal was not decided until its deadline. Stored once for each appeal.',
  published: true,
  schema: eventData({ ...appeal, dueAt }),
  example: {
    ...{ appealId: 'img-1', number: 1, accountId: 'acc-1', caseId: 'img-1', order: 1 },
    dueAt: '2022-06-02T10:00:00.000Z',
  },
});

export const AppealLapsed = defineEvent({
  type: 'AppealLapsed',
  version: 1,
  summary:
    'What an open appeal was against was undone before it was decided, by a later round of its case or with a bulk job: nothing is left to decide.',
  published: true,
  schema: eventData(appeal),
  example: { appealId: 'img-1', number: 1, accountId: 'acc-1', caseId: 'img-1', order: 1 },
});

const decided = {
  ...appeal,
  imageId: Type.Optional(EntityId('The image of the case.')),
  round: Type.Optional(Count('The round of the case whose confirmation was appealed against.', 1)),
  reviewer: EntityId('Who decided: nobody who took part in the decision.'),
  reason: Line('Why, for the account’s holder. No personal data.', 1),
};
const example = {
  ...{ appealId: 'img-1', number: 1, accountId: 'acc-1', caseId: 'img-1', order: 1 },
  ...{ imageId: 'img-1', round: 1, reviewer: 'rev-2' },
};

export const AppealGranted = defineEvent({
  type: 'AppealGranted',
  version: 1,
  summary: 'An appeal was granted: everything that the decision led to is undone, and nothing else.',
  published: true,
  schema: eventData(decided),
  example: { ...example, reason: 'the film is a documentary' },
});

export const AppealPartlyGranted = defineEvent({
  type: 'AppealPartlyGranted',
  version: 1,
  summary: 'An appeal was granted in part: what another clause leads to takes the place of the measure.',
  published: true,
  schema: eventData({ ...decided, clause: Label('The clause of the content policy that was violated.') }),
  example: { ...example, clause: 'spam', reason: 'it shows no violence, but advertises' },
});

export const AppealDenied = defineEvent({
  type: 'AppealDenied',
  version: 1,
  summary: 'An appeal was denied: the measure stays as it is.',
  published: true,
  schema: eventData(decided),
  example: { ...example, reason: 'the image shows an injured person' },
});

export const appealEvents = [
  AppealFiled,
  AppealClaimed,
  AppealReleased,
  AppealHandedOver,
  AppealOverdue,
  AppealLapsed,
  AppealGranted,
  AppealPartlyGranted,
  AppealDenied,
];

export type AppealEvent = EventOf<(typeof appealEvents)[number]>;
