import { type Static, Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Label, Labels, Line, Name, PersonalText } from '../events/schemas.js';

export const GOLDEN_VERDICTS = ['safe', 'unsafe', 'model-problem'] as const;
/** How a round is decided, of which a golden case shows one. */
export const GOLDEN_OUTCOMES = ['confirmed', 'dismissed', 'model-problem'] as const;

const goldenId = EntityId('The golden case; it has the id of its image, as its case has.');
const caseId = EntityId('The case; it has the id of its image.');
const round = Count('The round of the review.', 1);
const verdict = Type.Enum([...GOLDEN_VERDICTS], { description: 'The right verdict.' });
const clause = Type.Optional(Label('The clause that the image violates, if that is `unsafe`.'));

/** Why a case was opened without a flag: its right verdict is known, or its image is one of a random sample. */
export const UNFLAGGED_ORIGINS = ['golden', 'sample'] as const;
export const UnflaggedOrigin = Type.Enum([...UNFLAGGED_ORIGINS], {
  description: 'Why it was opened without a flag, whose id and flagger are absent then. Absent for a flag.',
});

/** The right answer, and where the case is to wait; in CaseOpened. */
export const GoldenAnswer = Type.Object(
  {
    verdict,
    clause,
    queue: Type.Optional(Label('The queue that it waits in, whatever the rules say.')),
    reach: Count('How often its image seems to have been shared or downloaded.'),
  },
  { additionalProperties: false, description: 'Of a golden case: the right answer, and what its priority depends on.' },
);
export type GoldenAnswer = Static<typeof GoldenAnswer>;

export const GoldenCaseAdded = defineEvent({
  type: 'GoldenCaseAdded',
  version: 1,
  summary:
    'A lead added an image whose right verdict is known. It is mixed into the cases of reviewers to measure them.',
  personal: { person: 'by', fields: ['prompt'] },
  schema: eventData({
    goldenId,
    accountId: EntityId('The account that its case names. Nobody has it.'),
    accountStatus: Type.Enum(['unknown', 'onboarded'], {
      description: 'The status of that account as reviewers see it.',
    }),
    verdict,
    clause,
    categories: Labels('The categories that its case names, as flags would.'),
    confidence: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'How sure a flagger of it would be, from 0 to 1.' }),
    ),
    queue: Type.Optional(Label('The queue of its case, whatever the rules say.')),
    photorealistic: Type.Optional(Type.Boolean({ description: 'Whether it could be mistaken for a photograph.' })),
    faces: Type.Optional(Type.Boolean({ description: 'Whether it shows faces of people.' })),
    promptCategory: Type.Optional(Name('The category of its prompt.')),
    by: EntityId('Who added it.'),
    note: Type.Optional(Line('A note, without personal data.', 1)),
    prompt: Type.Optional(PersonalText(2000, 'The prompt that reviewers can reveal. Stored encrypted.')),
  }),
  example: {
    goldenId: 'img-77',
    accountId: 'acc-4711',
    accountStatus: 'onboarded',
    verdict: 'unsafe',
    clause: 'violent',
    categories: ['violent'],
    by: 'lead-1',
    note: 'from the training set',
    prompt: 'a battle',
  },
});

export const GoldenCaseDrawn = defineEvent({
  type: 'GoldenCaseDrawn',
  version: 1,
  summary: 'A golden case was chosen to be opened some time later, because another case was opened.',
  schema: eventData({
    goldenId,
    because: EntityId('The id of the event that opened the other case.'),
    opensAt: Instant('When it is opened.'),
  }),
  example: { goldenId: 'img-77', because: '0196e0f0-0000-7000-8000-000000000004', opensAt: '2022-05-19T10:20:00.000Z' },
});

export const GoldenCasePresented = defineEvent({
  type: 'GoldenCasePresented',
  version: 1,
  summary: 'The case of a golden case is opened next.',
  schema: eventData({
    goldenId,
    generatedAt: Type.Optional(
      Instant('When its image was generated, as reviewers see it; absent where images are not reported.'),
    ),
    reach: Count('How often it was shared or downloaded, for its priority.'),
  }),
  example: { goldenId: 'img-77', generatedAt: '2022-05-19T09:00:00.000Z', reach: 3 },
});

export const GoldenCaseRetired = defineEvent({
  type: 'GoldenCaseRetired',
  version: 1,
  summary:
    'A golden case was retired, by a lead or because its image was reported or flagged: it is given to nobody any more, and its answers count no longer.',
  schema: eventData({ goldenId, reason: Line('Why.', 1) }),
  example: { goldenId: 'img-77', reason: 'its right verdict is disputed' },
});

/** The events of the stream of a golden case. */
export const goldenEvents = [GoldenCaseAdded, GoldenCaseDrawn, GoldenCasePresented, GoldenCaseRetired];
export type GoldenEvent = EventOf<(typeof goldenEvents)[number]>;

const Answered = eventData({
  reviewer: EntityId('The reviewer.'),
  verdict: Type.Enum([...GOLDEN_VERDICTS], { description: 'Their verdict.' }),
  clause: Type.Optional(Label('The clause that they named.')),
  isRight: Type.Boolean({ description: 'Whether it is the right verdict, with the right clause.' }),
});

export const GoldenCaseAnswered = defineEvent({
  type: 'GoldenCaseAnswered',
  version: 1,
  summary: 'Reviewers decided a golden case, which has no consequence for anybody else.',
  schema: eventData({
    caseId,
    round,
    outcome: Type.Enum([...GOLDEN_OUTCOMES], { description: 'How another case would have been decided.' }),
    clause: Type.Optional(Label('The clause that the confirmation of another case would name.')),
    withhold: Type.Optional(Type.Boolean({ description: 'Whether the image of another case would be withheld.' })),
    expected: Type.Object(
      { verdict, clause },
      { additionalProperties: false, description: 'The right answer, as it was known when the case was opened.' },
    ),
    answers: Type.Array(Answered, { maxItems: 99, description: 'The verdicts, without `unsure`.' }),
  }),
  example: {
    caseId: 'img-77',
    round: 1,
    outcome: 'dismissed',
    expected: { verdict: 'unsafe', clause: 'violent' },
    answers: [{ reviewer: 'rev-1', verdict: 'safe', isRight: false }],
  },
});

export const GoldenCaseWithdrawn = defineEvent({
  type: 'GoldenCaseWithdrawn',
  version: 1,
  summary: 'The open case of a retired golden case was closed. To reviewers it looks as if a lead had dismissed it.',
  schema: eventData({ caseId, round }),
  example: { caseId: 'img-77', round: 1 },
});

/** Those of the case's own stream. */
export const goldenCaseEvents = [GoldenCaseAnswered, GoldenCaseWithdrawn];
