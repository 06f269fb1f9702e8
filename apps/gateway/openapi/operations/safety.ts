import { Type } from 'typebox';
import type { SafetyMetricsController } from '../../../../libs/safety/features/show-safety-metrics.js';
import { closed, count, list, orNull, position, text } from '../answer-schemas.js';
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
};

export const safetyOperations: OperationGroup = {
  name: 'Safety',
  description: 'What the rollout does: shares are of distinct images, each with its interval.',
  operations: {
    'GET /v1/safety/metrics': {
      id: 'showSafetyMetrics',
      summary: 'Distinct counts and shares with their 95% intervals, of everything and by day, ISO week or category',
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
              closed({ group: text('`2022-05-18`, `2022-W20` or a category.'), ...figures }),
              'In alphabetical order; an image of several categories counts in each.',
            ),
            position: position('Events up to here are in the figures.'),
          }),
        ),
      },
    },
  },
};
