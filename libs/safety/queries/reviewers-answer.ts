import type { Static } from 'typebox';
import { closed, count, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { MIN_PAIR_CASES } from '../review-metrics.js';
import { cohen, krippendorff, share, times } from './safety-answer.js';

const Reviewer = closed({
  reviewer: text('The reviewer.'),
  source: orNull(text('The system of a reviewer who is not ours; null for ours.')),
  verdicts: closed(
    {
      safe: count('Verdicts.'),
      unsafe: count('Verdicts.'),
      unsure: count('Verdicts.'),
      modelProblem: count('Verdicts of `model-problem`.'),
    },
    'The verdicts of this reviewer, in every round.',
  ),
  agreementWithDecision: share(
    'The share of their verdicts, except `unsure`, that agree with the decision of the round.',
  ),
  precision: share(
    'The share of their `unsafe` verdicts in decided rounds whose case is still confirmed: not decided otherwise in a later round, and what it led to not reversed.',
  ),
  overturned: share(
    'The share of the decisions they agreed with that were overturned: by a later round that still counts, or by the reversal of all that a confirmation led to.',
  ),
  golden: share(
    'The share of their answers to golden cases, whose right verdict is known, that were right, for `unsafe` with the right clause. No other figure includes golden cases.',
  ),
  kappa: cohen(
    `Cohen’s kappa with each other reviewer with at least ${MIN_PAIR_CASES} common decided rounds, averaged (Light). Null without such a reviewer.`,
  ),
  timeToFirstView: times('From the flag that opened a round, or its reopening, to this reviewer’s first claim in it'),
  timeToVerdict: times('From that claim to their verdict'),
  answerTime: times('How long they looked, as `answerTimeMs` of their verdicts says'),
});

export const ReviewersAnswer = closed({
  items: list(Reviewer, 'In alphabetical order; the same name in two systems is two reviewers.'),
  agreement: closed(
    { krippendorff: krippendorff('Krippendorff’s alpha of all decided rounds.') },
    'How far all reviewers agree, beyond chance.',
  ),
  position: position('The figures include all events up to this position.'),
});
export type ReviewersAnswer = Static<typeof ReviewersAnswer>;
export type ReviewerFigures = Static<typeof Reviewer>;

export const reviewersExample: ReviewersAnswer = {
  items: [
    {
      reviewer: 'rita',
      source: null,
      verdicts: { safe: 40, unsafe: 20, unsure: 2, modelProblem: 1 },
      agreementWithDecision: { hits: 57, of: 60, value: 0.95, low: 0.862972, high: 0.982866 },
      precision: { hits: 18, of: 20, value: 0.9, low: 0.698976, high: 0.972139 },
      overturned: { hits: 2, of: 57, value: 0.035088, low: 0.009685, high: 0.11917 },
      golden: { hits: 28, of: 30, value: 0.933333, low: 0.786771, high: 0.981524 },
      kappa: { value: 0.81, low: 0.66, high: 0.96, pairs: 3 },
      timeToFirstView: { count: 63, p50Ms: 90_000, p95Ms: 600_000 },
      timeToVerdict: { count: 63, p50Ms: 21_000, p95Ms: 95_000 },
      answerTime: { count: 63, p50Ms: 20_000, p95Ms: 90_000 },
    },
  ],
  agreement: { krippendorff: { value: 0.79, low: 0.7, high: 0.88, cases: 120, verdicts: 260 } },
  position: '1042',
};
