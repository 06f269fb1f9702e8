import { type Static, Type } from 'typebox';
import { closed, count, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { MIN_PAIR_CASES } from '../review-metrics.js';

const share = (description: string) =>
  orNull(
    closed(
      {
        hits: count('The numerator.'),
        of: count('The denominator.'),
        value: Type.Number({ description: 'The proportion.' }),
        low: Type.Number({ description: 'Lower end of its 95% interval (Wilson).' }),
        high: Type.Number({ description: 'Upper end.' }),
      },
      description,
    ),
  );

const times = (description: string) =>
  orNull(
    closed(
      {
        count: count('The number of measured times.'),
        p50Ms: count('The median, in milliseconds.'),
        p95Ms: count('The 95th percentile, in milliseconds.'),
      },
      `${description}; null if there is none.`,
    ),
  );

const coefficient = (description: string) => Type.Number({ minimum: -1, maximum: 1, description });

const kappa = {
  value: coefficient('1 for full agreement, 0 for agreement by chance.'),
  low: coefficient('Lower end of its 95% interval (large samples).'),
  high: coefficient('Upper end.'),
};

const ReviewFigures = closed(
  {
    timeToFirstView: times('From the flag that opened a case to its first claim or verdict'),
    timeToVerdict: times('From the flag that opened a case to its decision, or to its last verdict if that is later'),
    agreement: closed(
      {
        fleiss: orNull(
          closed(
            { ...kappa, cases: count('Decided cases with two votes or more.') },
            'Fleiss’ kappa of decided cases, generalised to panels of unequal size (Gwet 2008); null if fewer than two cases have two votes, or all votes are the same.',
          ),
        ),
        cohen: orNull(
          closed(
            { ...kappa, pairs: count('Pairs of reviewers.') },
            `Cohen’s kappa averaged over pairs of reviewers with at least ${MIN_PAIR_CASES} common decided cases (Light); its interval is rather too wide than too narrow. Null if no pair has a kappa.`,
          ),
        ),
      },
      'How far reviewers agree, beyond chance.',
    ),
    deactivationLatency: times('From storing a confirmation to storing the deactivation that it caused'),
  },
  'How human review works, by the current round of each case. Times are those of the events, except for the latency.',
);
export type ReviewFigures = Static<typeof ReviewFigures>;

const SafetyFigures = closed({
  generated: count('Images generated.'),
  shared: count('Distinct images shared.'),
  exposed: count('Distinct images shared or downloaded.'),
  flags: count('Flags.'),
  flagged: count('Distinct images with a flag.'),
  cases: closed({
    open: count('Under review.'),
    confirmed: count('Confirmed.'),
    dismissed: count('Dismissed.'),
    modelProblem: count('Found to be a problem of the model, which counts against nobody.'),
  }),
  flaggedShare: share('The share of exposed images that were flagged; null while nothing was exposed.'),
  confirmedShare: share('The share of decided cases that were confirmed.'),
  violationRate: share('The share of exposed images whose case was confirmed.'),
  backlog: count('Open cases.'),
  decided: count('Cases decided in any way.'),
  deactivated: count('Accounts deactivated, including those that were reinstated later.'),
  reinstated: count('Accounts reinstated.'),
  review: ReviewFigures,
});
export type SafetyFigures = Static<typeof SafetyFigures>;

export const SafetyAnswer = closed({
  whole: closed(SafetyFigures.properties, 'Everything, whatever the requested days.'),
  groups: list(
    closed({ group: text('`2022-05-18`, `2022-W20`, a category or a cohort.'), ...SafetyFigures.properties }),
    'In alphabetical order. An image with several categories counts in each; one of an account without a cohort in none.',
  ),
  position: position('The figures include all events up to this position.'),
});
export type SafetyAnswer = Static<typeof SafetyAnswer>;
