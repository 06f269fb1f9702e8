import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Labels, PersonalText } from '../events/schemas.js';

const caseId = EntityId('The case; it has the id of its image.');
const imageId = EntityId('The image under review.');
const owner = Type.Optional(
  EntityId('The account it was made for, as its ImageGenerated says, or else as the sender does.'),
);
const reviewer = EntityId('The reviewer.');
const flag = {
  flagId: EntityId('Identity of the flag’s event.'),
  flaggedBy: EntityId('The account or the detector that flagged; it does not review this case.'),
  categories: Labels('What the flag says is wrong.'),
};
const round = Count('1 for the first time the image is reviewed, 2 after a dismissal and a new flag, and so on.', 1);
const panelSize = Count('How many distinct reviewers decide.', 1, 99);
const votes = Type.Object(
  { safe: Count('Votes.'), unsafe: Count('Votes.'), unsure: Count('Votes.') },
  { additionalProperties: false, description: 'How the reviewers voted.' },
);

export const CaseOpened = defineEvent({
  type: 'CaseOpened',
  version: 1,
  summary: 'A flag made an image a case for human review.',
  schema: eventData({
    caseId,
    imageId,
    accountId: owner,
    round,
    panelSize,
    ...flag,
    flaggedAt: Instant('When it was flagged.'),
  }),
  example: {
    caseId: 'img-1',
    imageId: 'img-1',
    accountId: 'acc-1',
    round: 1,
    panelSize: 1,
    flagId: '0196e0f0-0000-7000-8000-000000000001',
    flaggedBy: 'acc-9',
    categories: ['violent'],
    flaggedAt: '2022-05-19T10:00:00.000Z',
  },
});

export const CaseJoined = defineEvent({
  type: 'CaseJoined',
  version: 1,
  summary: 'A further flag on an image under review, by somebody else or for something else.',
  schema: eventData({ caseId, accountId: owner, ...flag }),
  example: {
    caseId: 'img-1',
    flagId: '0196e0f0-0000-7000-8000-000000000002',
    flaggedBy: 'acc-8',
    categories: ['hate'],
  },
});

export const FlaggerNoted = defineEvent({
  type: 'FlaggerNoted',
  version: 1,
  summary: 'Somebody flagged an image whose case takes in no more flags; noted so that they do not review it.',
  schema: eventData({ caseId, round, flagId: flag.flagId, flaggedBy: flag.flaggedBy }),
  example: { caseId: 'img-1', round: 1, flagId: '0196e0f0-0000-7000-8000-000000000003', flaggedBy: 'acc-7' },
});

export const CaseClaimed = defineEvent({
  type: 'CaseClaimed',
  version: 1,
  summary: 'A reviewer works on a case; others leave it alone until the claim ends.',
  schema: eventData({ caseId, reviewer, until: Instant('When the claim ends, by itself.') }),
  example: { caseId: 'img-1', reviewer: 'rev-1', until: '2022-05-19T10:20:00.000Z' },
});

export const CaseReleased = defineEvent({
  type: 'CaseReleased',
  version: 1,
  summary: 'A reviewer gave a claimed case back.',
  schema: eventData({ caseId, reviewer }),
  example: { caseId: 'img-1', reviewer: 'rev-1' },
});

export const VerdictGiven = defineEvent({
  type: 'VerdictGiven',
  version: 1,
  summary: 'A reviewer judged an image.',
  personal: { person: 'reviewer', fields: ['note'] },
  schema: eventData({
    caseId,
    reviewer,
    verdict: Type.Enum(['safe', 'unsafe', 'unsure'], { description: 'What the reviewer thinks.' }),
    answerTimeMs: Type.Optional(Count('How long the reviewer looked, in milliseconds.')),
    panelSize: Type.Optional(panelSize),
    note: Type.Optional(PersonalText(2000, 'Why. Stored sealed.')),
  }),
  example: { caseId: 'img-1', reviewer: 'rev-1', verdict: 'unsafe', answerTimeMs: 21_574, note: 'see the lower left' },
});

export const ReviewConfirmed = defineEvent({
  type: 'ReviewConfirmed',
  version: 1,
  summary:
    'Human review confirmed that an image breaks the content policy. Stored, it always has accountId, votes and round.',
  contract: true,
  schema: eventData({
    caseId,
    imageId,
    accountId: owner,
    categories: Labels('What was found.'),
    votes: Type.Optional(votes),
    round: Type.Optional(round),
  }),
  example: {
    caseId: 'img-1',
    imageId: 'img-1',
    accountId: 'acc-1',
    categories: ['violent'],
    votes: { safe: 0, unsafe: 1, unsure: 0 },
    round: 1,
  },
});

export const ReviewDismissed = defineEvent({
  type: 'ReviewDismissed',
  version: 1,
  summary: 'Human review found nothing against an image.',
  schema: eventData({
    caseId,
    imageId,
    accountId: owner,
    categories: Labels('What the flags had said.'),
    votes,
    round,
  }),
  example: {
    caseId: 'img-1',
    imageId: 'img-1',
    categories: ['violent'],
    votes: { safe: 1, unsafe: 0, unsure: 0 },
    round: 1,
  },
});

/** Of a case's own stream. */
export const caseEvents = [
  CaseOpened,
  CaseJoined,
  CaseClaimed,
  CaseReleased,
  VerdictGiven,
  ReviewConfirmed,
  ReviewDismissed,
];

export type CaseEvent = EventOf<(typeof caseEvents)[number]>;

/** Of the stream of an image and a person. */
export const notedFlaggerEvents = [FlaggerNoted];

export type FlaggerNotedEvent = EventOf<(typeof notedFlaggerEvents)[number]>;

export const reviewEvents = [...caseEvents, ...notedFlaggerEvents];
