import { paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { number, pairs, table } from '../../cli/rendering/table.js';
import type { Share } from '../metrics.js';
import type { ReviewFigures, SafetyAnswer, SafetyFigures } from '../queries/safety-answer.js';
import { durationText, kappaNumber, kappaText, timesText } from './review-figures.js';

/** The safety metrics of everything and of each group, if there are groups. */
export function metricsText({ whole, groups }: SafetyAnswer, by?: string): Shown {
  const text = wholeText(whole);
  if (by === undefined) return text;
  // Only flagged images have a category or a clause, so no number of generated ones belongs to it.
  const hasGenerated = by !== 'category' && by !== 'clause';
  const rows = groups.map((one) => [
    one.group,
    hasGenerated ? one.generated : null,
    one.exposed,
    one.flagged,
    one.cases.open,
    one.cases.confirmed,
    one.cases.dismissed,
    one.cases.modelProblem,
    percent(one.flaggedShare),
    percent(one.confirmedShare),
    one.review.timeToVerdict && durationText(one.review.timeToVerdict.p95Ms),
    one.review.agreement.fleiss && kappaNumber(one.review.agreement.fleiss.value),
    one.deactivated,
  ]);
  const head = [
    by,
    'generated',
    'exposed',
    'flagged',
    'open',
    'confirmed',
    'dismissed',
    'model problem',
    'flagged share',
    'confirmed share',
    'verdict p95',
    'kappa',
    'deactivated',
  ];
  return paragraphs([text, table(head, rows, `no ${by} has figures yet`)]);
}

function wholeText(figures: SafetyFigures): Shown {
  const { generated, shared, exposed, flags, flagged, cases, backlog, deactivated, reinstated } = figures;
  return pairs([
    ['images generated', generated],
    ['images shared', shared],
    ['images shared by link', figures.sharedByLink],
    ['images shared publicly or downloaded', exposed],
    ['flags', `${number(flags)} on ${number(flagged)} images`],
    ['cases open', backlog],
    ['cases confirmed', cases.confirmed],
    ['cases dismissed', cases.dismissed],
    ['model problems', cases.modelProblem],
    ['flagged share', shareText(figures.flaggedShare, 'publicly shared or downloaded images')],
    ['confirmed share', `${shareText(figures.confirmedShare, 'decided cases')}${undecided(cases.open)}`],
    [
      'of exposed images',
      `${shareText(figures.exposedConfirmedShare, 'decided cases')}${undecided(figures.exposedCases.open)}`,
    ],
    ['violation rate', shareText(figures.violationRate, 'publicly shared or downloaded images')],
    [
      'if all that wait are violations',
      shareText(figures.violationRateIfWaiting, 'publicly shared or downloaded images'),
    ],
    [
      'accounts deactivated',
      reinstated > 0 ? `${number(deactivated)}, of which ${number(reinstated)} reinstated` : deactivated,
    ],
    ...reviewRows(figures.review),
  ]);
}

const undecided = (open: number): string => (open > 0 ? `, ${number(open)} undecided` : '');

function reviewRows(review: ReviewFigures): [name: string, value: string][] {
  const { fleiss, cohen, krippendorff } = review.agreement;
  return [
    ['time to first view', timesText(review.timeToFirstView, 'cases')],
    ['time to verdict', timesText(review.timeToVerdict, 'cases')],
    ['agreement (Fleiss)', kappaText(fleiss, fleiss?.cases, 'cases with several verdicts')],
    ['agreement (Cohen)', kappaText(cohen, cohen?.pairs, 'pairs of reviewers with enough common cases')],
    ['agreement (Krippendorff)', kappaText(krippendorff, krippendorff?.cases, 'cases with several verdicts')],
    ['deactivation latency', timesText(review.deactivationLatency, 'deactivations')],
  ];
}

/** A share with its interval. */
export function shareText(share: Share | null, of: string): string {
  if (!share) return `– (no ${of})`;
  const { hits, low, high } = share;
  return `${percent(share)} (95% interval ${percentOf(low)} to ${percentOf(high)}; ${number(hits)} of ${number(share.of)} ${of})`;
}

/** A share with the ends of its interval, for a table. */
export const intervalText = (share: Share | null): string | null =>
  share ? `${percentOf(share.value)} (${percentOf(share.low)} to ${percentOf(share.high)})` : null;

const percent = (share: Share | null): string | null => (share ? percentOf(share.value) : null);

/** Rare events need digits: 0.05% must not look like 0.1%, and two of a million not like none. */
export function percentOf(value: number): string {
  const hundred = value * 100;
  if (hundred === 0 || hundred >= 1) return `${hundred.toFixed(1)}%`;
  return `${hundred.toFixed(hundred >= 0.001 ? 3 : 6)}%`;
}
