import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Label, Labels, Line, PersonalText } from '../events/schemas.js';
import { bulkEvents } from './bulk-events.js';
import { deciding, reviewerSource, votes } from './decision-events.js';
import { FLAG_SOURCES } from './flagging-events.js';
import { GoldenAnswer, goldenCaseEvents, goldenEvents, UnflaggedOrigin } from './golden-events.js';
import { isolationEvents } from './isolation-events.js';
import { overturningEvents } from './overturning-events.js';
import { declinedEvents, reviewerEvents } from './reviewer-events.js';
import { CaseMoved, CaseRouted, reviewSettingsEvents } from './routing-events.js';
import { FurtherReviewRequired, SampleLikeness } from './sampling-events.js';
import { severeViewerEvents } from './severe-viewer-events.js';

export const VERDICTS = ['safe', 'unsafe', 'unsure', 'model-problem'] as const;

const caseId = EntityId('The case; it has the id of its image.');
const imageId = EntityId('The image under review.');
const owner = Type.Optional(
  EntityId('The account that generated the image, from its ImageGenerated or, without one, from the sender.'),
);
const reviewer = EntityId('The reviewer.');
const flag = {
  flagId: EntityId('The id of the flag’s event.'),
  flaggedBy: EntityId('The account or the detector that flagged; it may not review this case.'),
  flaggerKind: Type.Optional(
    Type.Enum([...FLAG_SOURCES], { description: 'Who flagged: a user, a detector or a member of the staff.' }),
  ),
  categories: Labels('The categories that the flag names.'),
  confidence: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: 'How sure the flagger is, from 0 to 1.' }),
  ),
  hasComment: Type.Optional(
    Type.Boolean({ description: 'Whether the flagger wrote a comment; absent from earlier releases.' }),
  ),
};
const round = Count('The round of the review: 1 at first, 2 after a dismissal and a new flag, and so on.', 1);
const panelSize = Count('The number of distinct reviewers whose verdicts decide the case.', 1, 99);
export const CaseOpened = defineEvent({
  type: 'CaseOpened',
  version: 1,
  summary:
    'A flag opened a case for human review, or reopened a dismissed one in a new round; or it was opened without one.',
  schema: eventData({
    caseId,
    imageId,
    accountId: owner,
    round,
    panelSize,
    ...flag,
    flagId: Type.Optional(flag.flagId),
    flaggedBy: Type.Optional(flag.flaggedBy),
    origin: Type.Optional(UnflaggedOrigin),
    golden: Type.Optional(GoldenAnswer),
    sample: Type.Optional(SampleLikeness),
    flaggedAt: Instant('When the image was flagged; without a flag, when it was chosen.'),
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
  summary: 'An image under review was flagged again: by somebody else, for another category or with more confidence.',
  schema: eventData({ caseId, accountId: owner, ...flag }),
  example: {
    caseId: 'img-1',
    flagId: '0196e0f0-0000-7000-8000-000000000002',
    flaggedBy: 'acc-8',
    categories: ['hate'],
  },
});

const { flagId, flaggedBy, flaggerKind } = flag;
export const FlaggerNoted = defineEvent({
  type: 'FlaggerNoted',
  version: 1,
  summary:
    'A flag is not in the case of its image: beyond its limit, after its decision, or kept apart. It is recorded so that its flagger can’t review the case, and is notified of the decision.',
  schema: eventData({ caseId, round, flagId, flaggedBy, flaggerKind }),
  example: { caseId: 'img-1', round: 1, flagId: '0196e0f0-0000-7000-8000-000000000003', flaggedBy: 'acc-7' },
});

const token = Count('The fencing token of the claim: the number of claims on the case so far.', 1);
const note = Type.Optional(PersonalText(2000, 'A note of the reviewer. Stored encrypted.'));

export const CaseClaimed = defineEvent({
  type: 'CaseClaimed',
  version: 1,
  summary:
    'A reviewer claimed a case, or renewed the claim, which then has the same token. Nobody else can claim it until the lease ends.',
  schema: eventData({
    caseId,
    reviewer,
    until: Instant('When the lease ends.'),
    token: Type.Optional(token),
    isSevere: Type.Optional(
      Type.Boolean({
        description: 'Whether a flag names a clause of the highest severity; absent where the claim is renewed.',
      }),
    ),
  }),
  example: { caseId: 'img-1', reviewer: 'rev-1', until: '2022-05-19T10:20:00.000Z', token: 1, isSevere: false },
});

export const CaseReleased = defineEvent({
  type: 'CaseReleased',
  version: 1,
  summary: 'A reviewer released a claimed case.',
  schema: eventData({ caseId, reviewer }),
  example: { caseId: 'img-1', reviewer: 'rev-1' },
});

export const CaseHandedOver = defineEvent({
  type: 'CaseHandedOver',
  version: 1,
  summary: 'A case was handed over to a reviewer. Nobody else can claim it until a given time.',
  personal: { person: 'by', fields: ['note'] },
  schema: eventData({
    caseId,
    by: EntityId('Who handed it over.'),
    reviewer,
    until: Instant('When it is free for everybody again.'),
    note,
  }),
  example: { caseId: 'img-1', by: 'rev-1', reviewer: 'rev-2', until: '2022-05-20T10:00:00.000Z', note: 'in Welsh' },
});

export const CaseHeld = defineEvent({
  type: 'CaseHeld',
  version: 1,
  summary: 'A reviewer set a claimed case aside. Nobody else can claim it until a given time.',
  personal: { person: 'reviewer', fields: ['note'] },
  schema: eventData({ caseId, reviewer, until: Instant('When it is free for everybody again.'), note }),
  example: { caseId: 'img-1', reviewer: 'rev-1', until: '2022-05-20T10:00:00.000Z', note: 'asked the policy team' },
});

export const CaseEscalated = defineEvent({
  type: 'CaseEscalated',
  version: 1,
  summary: 'A case was escalated. Only leads can claim it in this round, unless one hands it over.',
  personal: { person: 'by', fields: ['note'] },
  schema: eventData({ caseId, by: EntityId('Who escalated it.'), note }),
  example: { caseId: 'img-1', by: 'rev-1', note: 'may concern a public figure' },
});

export const CaseReopened = defineEvent({
  type: 'CaseReopened',
  version: 1,
  summary: 'A lead opened a closed case for review again, in a new round with the flags of the one before.',
  schema: eventData({
    caseId,
    by: EntityId('Who reopened it.'),
    reason: Line('Why.', 1),
    round,
    panelSize,
    undoes: Type.Optional(
      EntityId('The bulk job whose decision is undone: the case waits as if that had not been taken.'),
    ),
  }),
  example: { caseId: 'img-1', by: 'lead-1', reason: 'the clause was clarified', round: 2, panelSize: 1 },
});

/** Absent for false. */
const withhold = Type.Optional(
  Type.Boolean({ description: 'Of a `model-problem`: whether nobody may share, download or flag the image any more.' }),
);

export const VerdictGiven = defineEvent({
  type: 'VerdictGiven',
  version: 1,
  summary: 'A reviewer judged an image.',
  personal: { person: 'reviewer', fields: ['rationale', 'note'] },
  schema: eventData({
    caseId,
    reviewer,
    verdict: Type.Enum([...VERDICTS], {
      description:
        'The verdict. `model-problem`: the model did wrong, as with a biased image for a harmless prompt, and nobody else.',
    }),
    clause: Type.Optional(Label('The clause of the content policy that the image violates.')),
    rationale: Type.Optional(PersonalText(2000, 'Why it does. Stored encrypted.')),
    withhold,
    finalAt: Type.Optional(Instant('Until when the verdict can be taken back; absent if it can’t.')),
    answerTimeMs: Type.Optional(Count('How long the reviewer took, in milliseconds.')),
    panelSize: Type.Optional(panelSize),
    reviewerSource,
    note,
  }),
  example: {
    caseId: 'img-1',
    reviewer: 'rev-1',
    verdict: 'unsafe',
    clause: 'violent',
    rationale: 'a wound in the lower left',
    answerTimeMs: 21_574,
  },
});

export const VerdictWithdrawn = defineEvent({
  type: 'VerdictWithdrawn',
  version: 1,
  summary: 'A reviewer took a verdict back before it was final.',
  schema: eventData({ caseId, reviewer }),
  example: { caseId: 'img-1', reviewer: 'rev-1' },
});

export const ReviewConfirmed = defineEvent({
  type: 'ReviewConfirmed',
  version: 1,
  summary:
    'Human review confirmed that an image violates the content policy. The stored event always has accountId, votes, round and reviewers, except from earlier releases.',
  contract: true,
  schema: eventData({
    caseId,
    imageId,
    accountId: owner,
    categories: Labels('The categories of the violation.'),
    clause: Type.Optional(
      Label('The clause of the content policy that most of the deciding reviewers named; of equals, the most severe.'),
    ),
    votes: Type.Optional(votes),
    round: Type.Optional(round),
    ...deciding,
    jobId: Type.Optional(EntityId('The bulk job that decided so; absent if none did, and from earlier releases.')),
  }),
  example: {
    caseId: 'img-1',
    imageId: 'img-1',
    accountId: 'acc-1',
    categories: ['violent'],
    clause: 'violent',
    votes: { safe: 0, unsafe: 1, unsure: 0 },
    round: 1,
    reviewers: ['rev-1'],
  },
});

export const ReviewDismissed = defineEvent({
  type: 'ReviewDismissed',
  version: 1,
  summary: 'Human review found no violation in an image.',
  published: true,
  schema: eventData({
    caseId,
    imageId,
    accountId: owner,
    categories: Labels('The categories that the flags named.'),
    votes,
    round,
    jobId: Type.Optional(EntityId('The bulk job that decided so; absent if none did, and from earlier releases.')),
  }),
  example: {
    caseId: 'img-1',
    imageId: 'img-1',
    categories: ['violent'],
    votes: { safe: 1, unsafe: 0, unsure: 0 },
    round: 1,
  },
});

export const ModelProblemFound = defineEvent({
  type: 'ModelProblemFound',
  version: 1,
  summary:
    'Human review found that the model did wrong with an image. It counts against no account, also if the image is withheld.',
  published: true,
  schema: eventData({
    caseId,
    imageId,
    accountId: owner,
    categories: Labels('The categories that the flags named.'),
    votes,
    round,
    withhold,
  }),
  example: {
    caseId: 'img-1',
    imageId: 'img-1',
    categories: ['bias'],
    votes: { safe: 0, unsafe: 0, unsure: 0, modelProblem: 1 },
    round: 1,
  },
});

/** The events of a case's own stream. */
export const caseEvents = [
  CaseOpened,
  CaseJoined,
  CaseRouted,
  CaseMoved,
  CaseClaimed,
  CaseReleased,
  CaseHandedOver,
  CaseHeld,
  CaseEscalated,
  CaseReopened,
  VerdictGiven,
  VerdictWithdrawn,
  FurtherReviewRequired,
  ReviewConfirmed,
  ReviewDismissed,
  ModelProblemFound,
  ...overturningEvents,
  ...goldenCaseEvents,
];

export type CaseEvent = EventOf<(typeof caseEvents)[number]>;

/** The events of the stream of an image and a flagger. */
export const notedFlaggerEvents = [FlaggerNoted];

export type FlaggerNotedEvent = EventOf<(typeof notedFlaggerEvents)[number]>;

export const reviewEvents = [
  ...caseEvents,
  ...notedFlaggerEvents,
  ...goldenEvents,
  ...isolationEvents,
  ...bulkEvents,
  ...severeViewerEvents,
  ...reviewSettingsEvents,
  ...reviewerEvents,
  ...declinedEvents,
];
