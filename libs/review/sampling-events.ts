import { type Static, Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { Count, EntityId, eventData, Label, Labels, Line } from '../events/schemas.js';
import { FLAG_SOURCES } from './flagging-events.js';

/** Why a case needs another verdict than that of its panel. */
export const FURTHER_REVIEW_REASONS = ['sample', 'deactivation', 'disagreement'] as const;

/** What a case of the random sample shows, since no flag says anything; in CaseOpened. */
export const SampleLikeness = Type.Object(
  {
    categories: Labels(
      'The categories that the case shows as if a flag had named them, so that nobody can tell it by having none. No decision names them.',
    ),
    confidence: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'The confidence that it shows with them, from 0 to 1.' }),
    ),
    flaggerKind: Type.Optional(
      Type.Enum([...FLAG_SOURCES], { description: 'Who seems to have flagged it, for the rules; absent for a user.' }),
    ),
    recordOf: Type.Optional(
      EntityId('The flagger whose record its priority depends on as if they had flagged it; they did not.'),
    ),
    queue: Type.Optional(Label('The queue that it waits in, whatever the rules say.')),
  },
  {
    additionalProperties: false,
    description: 'Of a case of the random sample: what it shows. Absent from earlier releases.',
  },
);
export type SampleLikeness = Static<typeof SampleLikeness>;

export const SamplingSet = defineEvent({
  type: 'SamplingSet',
  version: 1,
  summary:
    'A lead set which cases a second reviewer judges without knowing of the first verdict, how many golden cases are mixed in, and how many exposed images are reviewed without a flag.',
  schema: eventData({
    secondReviewPercent: Count('Of the cases that one reviewer decides, how many get a second, in hundredths.', 0, 100),
    secondReviewOfDeactivations: Type.Boolean({
      description: 'Whether each case gets a second reviewer whose confirmation would deactivate the account.',
    }),
    goldenPercent: Type.Optional(
      Count('For how many of a hundred cases that are opened a golden case is opened too; absent for none.', 0, 50),
    ),
    prevalencePerMillion: Type.Optional(
      Count(
        'Of a million images, how many are chosen when they are first exposed, to be reviewed without a flag; absent for none.',
        0,
        100_000,
      ),
    ),
    prevalenceQueue: Type.Optional(
      Label('The queue in which the cases of those images wait; absent where the rules say which.'),
    ),
    reason: Line('Why.', 1),
  }),
  example: {
    secondReviewPercent: 5,
    secondReviewOfDeactivations: true,
    goldenPercent: 3,
    reason: 'we begin to measure agreement',
  },
});

export const FurtherReviewRequired = defineEvent({
  type: 'FurtherReviewRequired',
  version: 1,
  summary:
    'A case waits for another reviewer, who does not know of the verdicts before: a second, or one more if an even number of verdicts is tied.',
  schema: eventData({
    caseId: EntityId('The case; it has the id of its image.'),
    round: Count('The round of the review.', 1),
    verdicts: Count('The number of verdicts that decide the round now.', 2, 99),
    because: Type.Enum([...FURTHER_REVIEW_REASONS], {
      description: 'It is in the sample, it would deactivate the account, or the reviewers are tied.',
    }),
  }),
  example: { caseId: 'img-1', round: 1, verdicts: 2, because: 'sample' },
});
