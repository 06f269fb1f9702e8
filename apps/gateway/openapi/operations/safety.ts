import { Type } from 'typebox';
import { closed, count, list, orNull, position, text } from '../../../../libs/http/openapi/answer-schemas.js';
import type { SafetyMetricsController } from '../../../../libs/safety/features/show-safety-metrics.js';
import { MIN_PAIR_CASES } from '../../../../libs/safety/index.js';
import { answerOf, type OperationGroup } from '../operation.js';

const share = (description: string) =>
  orNull(
    closed(
      {
        hits: count('How many.'),
        of: count('Of how many.'),
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
        count: count('How many were measured.'),
        p50Ms: count('Half took no longer, in milliseconds.'),
        p95Ms: count('95 of 100 took no longer, in milliseconds.'),
      },
      `${description}; null while there is none.`,
    ),
  );

const kappa = {
  value: Type.Number({ minimum: -1, maximum: 1, description: '1 for full agreement, 0 for what chance gives.' }),
  low: Type.Number({ minimum: -1, maximum: 1, description: 'Lower end of its 95% interval (large samples).' }),
  high: Type.Number({ minimum: -1, maximum: 1, description: 'Upper end.' }),
};

const review = closed(
  {
    timeToFirstView: times('From the flag that opened a case to its first claim or verdict'),
    timeToVerdict: times('From the flag that opened a case to its decision, or its last verdict where that is later'),
    agreement: closed(
      {
        fleiss: orNull(
          closed(
            { ...kappa, cases: count('Decided cases with two votes or more.') },
            'Fleiss’ kappa of decided cases, generalised to panels of unequal size (Gwet 2008); null where fewer than two cases have two votes, or all votes are the same.',
          ),
        ),
        cohen: orNull(
          closed(
            { ...kappa, pairs: count('Pairs of reviewers.') },
            `Cohen’s kappa averaged over pairs of reviewers with at least ${MIN_PAIR_CASES} common decided cases (Light); its interval is rather too wide than too narrow. Null where no pair has a kappa.`,
          ),
        ),
      },
      'How far reviewers agree, beyond chance.',
    ),
    appeals: closed({ decided: count('Appeals decided.'), granted: count('Of these, granted.') }, 'Appeals.'),
    overturnRate: share('Appeals granted, of those decided; null while none was.'),
    deactivationLatency: times('From storing a confirmation to storing the deactivation that it led to'),
  },
  'How human review works, of each case its round in force. Times are those of the events, but for the latency.',
);

const figures = {
  generated: count('Images made.'),
  shared: count('Distinct images shared.'),
  exposed: count('Distinct images shared or downloaded.'),
  flags: count('Flags.'),
  flagged: count('Distinct images with a flag.'),
  cases: closed({ open: count('Under review.'), confirmed: count('Confirmed.'), dismissed: count('Dismissed.') }),
  flaggedShare: share('Exposed images with a flag, of the exposed; null while nothing was exposed.'),
  confirmedShare: share('Cases confirmed, of those decided.'),
  violationRate: share('Exposed images confirmed, of the exposed.'),
  backlog: count('Cases under review now.'),
  decided: count('Cases decided, either way.'),
  deactivated: count('Accounts deactivated, those that were reinstated later too.'),
  reinstated: count('Accounts reinstated.'),
  review,
};

export const safetyOperations: OperationGroup = {
  name: 'Safety',
  description: 'What the rollout does: shares are of distinct images, each with its interval.',
  operations: {
    'GET /v1/safety/metrics': {
      id: 'showSafetyMetrics',
      summary:
        'Counts, shares with 95% intervals and how review works, of everything and by day, ISO week, category or cohort',
      description:
        'Review’s figures are worked out from all cases at each call, and those of cohorts from all images: ask for them every minute rather than every second.',
      fields: {
        by: 'Groups beside the whole.',
        from: 'The first day, with `by=day`.',
        to: 'The last day, with `by=day`.',
      },
      answers: {
        200: answerOf<SafetyMetricsController['show']>()(
          'SafetyMetrics',
          'The figures.',
          closed({
            whole: closed(figures, 'Everything there is, whatever days were asked for.'),
            groups: list(
              closed({ group: text('`2022-05-18`, `2022-W20`, a category or a cohort.'), ...figures }),
              'In alphabetical order; an image of several categories counts in each, one of an account in no cohort in none.',
            ),
            position: position('Events up to here are in the figures.'),
          }),
        ),
      },
    },
  },
};
