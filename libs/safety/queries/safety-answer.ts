import { type Static, Type } from 'typebox';
import { closed, count, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { MIN_PAIR_CASES } from '../review-metrics.js';

export const share = (description: string) =>
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

export const times = (description: string) =>
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

/** Averaged over pairs of reviewers. */
export const cohen = (description: string) =>
  orNull(closed({ ...kappa, pairs: count('Pairs of reviewers.') }, description));

export const krippendorff = (description: string) =>
  orNull(
    closed(
      {
        ...kappa,
        low: coefficient('Lower end of its 95% interval (jackknife over cases).'),
        cases: count('Decided cases with two votes or more.'),
        verdicts: count('Votes on them.'),
      },
      description,
    ),
  );

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
        cohen: cohen(
          `Cohen’s kappa averaged over pairs of reviewers with at least ${MIN_PAIR_CASES} common decided cases (Light); its interval is rather too wide than too narrow. Null if no pair has a kappa.`,
        ),
        krippendorff: krippendorff(
          'Krippendorff’s alpha of decided cases for nominal data, each vote with the same weight; any reviewer may have judged any of the cases. Null as for Fleiss’ kappa.',
        ),
      },
      'How far reviewers agree, beyond chance.',
    ),
    deactivationLatency: times('From storing a confirmation to storing the deactivation that it caused'),
  },
  'How human review works, by the current round of each case. Times are those of the events, except for the latency.',
);
export type ReviewFigures = Static<typeof ReviewFigures>;

export const SafetyFigures = closed({
  generated: count('Images generated. 0 for a category; of a clause only flagged ones, since no others have one.'),
  shared: count('Distinct images shared, with whatever audience. Of a category or clause as for `generated`.'),
  sharedByLink: count(
    'Distinct images shared by link, or with another audience that isn’t `public`. That alone does not expose an image. Of a category or clause as for `generated`.',
  ),
  exposed: count(
    'Distinct images shared publicly or downloaded. A share without an audience is public. Of a category or clause: flagged ones.',
  ),
  flags: count('Flags.'),
  flagged: count('Distinct images with a flag.'),
  cases: closed({
    open: count('Under review.'),
    confirmed: count('Confirmed.'),
    dismissed: count('Dismissed.'),
    modelProblem: count('Found to be a problem of the model, which counts against nobody.'),
  }),
  exposedCases: closed(
    {
      open: count('Not decided yet.'),
      confirmed: count('Confirmed.'),
      dismissed: count('Dismissed.'),
      modelProblem: count('Found to be a problem of the model.'),
    },
    'The cases of exposed images.',
  ),
  flaggedShare: share(
    'The share of exposed images that were flagged; null while nothing was exposed. Of a category or clause: of all exposed images.',
  ),
  confirmedShare: share('The share of decided cases that were confirmed; `cases.open` are not decided yet.'),
  exposedConfirmedShare: share(
    'The share of decided cases of exposed images that were confirmed; `exposedCases.open` are not decided yet.',
  ),
  violationRate: share(
    'The share of exposed images whose case was confirmed. Of a category or clause: of all exposed images.',
  ),
  violationRateIfWaiting: share(
    'The same if every flagged image whose case is not decided were a violation: `violationRate` alone falls while a backlog grows.',
  ),
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
    closed({
      group: text('`2022-05-18`, `2022-W20`, a category, a clause, a model or a cohort.'),
      ...SafetyFigures.properties,
    }),
    'In alphabetical order. An image with several categories counts in each; one of an account without a cohort in none. Only confirmed images have a clause.',
  ),
  position: position('The figures include all events up to this position.'),
});
export type SafetyAnswer = Static<typeof SafetyAnswer>;
