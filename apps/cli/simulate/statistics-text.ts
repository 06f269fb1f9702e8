import { line, lines, paragraphs, type Shown } from '../../../libs/cli/rendering/plain-text.js';
import { number, table } from '../../../libs/cli/rendering/table.js';
import type { Crossing } from '../../../libs/gate/trials/crossing.js';
import type { StatisticsReport } from '../../../libs/gate/trials/statistics-report.js';

/** The tables of `gatehouse simulate --statistics`. */
export function statisticsText(report: StatisticsReport): Shown {
  const { limit, alpha, maxExposures, stageExposures, runs, seed, highestShare, keepsPromise } = report;
  return paragraphs([
    line`Limit ${limit}, alpha ${share(alpha)}. A rule that opens at the limit or above opens wrongly.`,
    lines([
      line`Opens at a true rate of …, with the median exposures of those that do. Exact, up to ${number(maxExposures)} exposures, a look after each:`,
      table(
        ['rule', ...report.rates.map(String)],
        report.opening.map(({ rule, byRate }) => [rule, ...byRate.map(opens)]),
      ),
    ]),
    lines([
      line`Brakes at a true rate of … after a median of so many exposures. Exact:`,
      table(
        ['may spend', ...report.braking.map(({ rate }) => String(rate))],
        [
          ['all of alpha', ...report.braking.map(({ whole }) => whole.medianExposures)],
          ['a first cohort, half of it', ...report.braking.map(({ firstCohort }) => firstCohort.medianExposures)],
        ],
      ),
    ]),
    lines([
      line`Opens wrongly if a few accounts make all violations, at a mean rate of exactly the limit. ${number(runs)} runs, seed ${seed}:`,
      clusteringTable(report),
    ]),
    lines([
      line`Opens while traffic doubles weekly and labels are 3 days late in the mean; at the limit that is wrong. ${number(runs)} runs:`,
      table(
        ['rule', 'delay D', 'late share', 'at the limit', 'at a fifth of it', 'median day', 'promise of the gate'],
        report.lateLabels.map(({ rule, isPromised, delayDays, lateShare, atLimit, safe }) => [
          rule,
          delayDays === 0 ? 'ignored' : `${delayDays} days`,
          share(lateShare),
          share(atLimit.opens.share),
          share(safe.opens.share),
          safe.medianDay === null ? null : safe.medianDay.toFixed(1),
          isPromised ? 'at most 5%' : rule === 'gate' ? 'none' : null,
        ]),
      ),
    ]),
    lines([
      line`Opens wrongly at all in a ramp whose stages are all at the limit. Exact, ${number(stageExposures)} exposures a stage:`,
      table(
        [
          ...['stages', 'gate', 'gate, planned', 'alpha in each', 'Lan-DeMets', 'Lan-DeMets, planned'],
          ...['Clopper-Pearson', 'share below the limit'],
        ],
        report.ramps.map(({ steps, falseOpens }) => [
          steps,
          ...[falseOpens.spending, falseOpens.planned, falseOpens.withoutSpending].map(share),
          ...[falseOpens.lanDeMets, falseOpens.lanDeMetsPlanned].map(share),
          ...[falseOpens.clopperPearson, falseOpens.naive].map(share),
        ]),
      ),
    ]),
    keepsPromise
      ? line`The gate keeps its promise: it opens wrongly in at most ${share(alpha)}, in simulations ${share(highestShare)} with three standard errors.`
      : line`THE GATE BREAKS ITS PROMISE: it opens wrongly in more than ${share(alpha)}, in simulations ${share(highestShare)} with three standard errors.`,
  ]);
}

function clusteringTable({ clustering }: StatisticsReport): Shown {
  const rules = clustering[0]!.rules.slice(1);
  return table(
    [
      'accounts that violate do so in',
      'counted',
      'gate',
      'accounts only',
      'exposures only',
      ...rules,
      'promise of the gate',
    ],
    clustering.map(({ violators, cap, isPromised, falseOpens }) => [
      violators,
      cap,
      ...[falseOpens.gate, falseOpens.accounts, ...falseOpens.atExposureLevel].map((one) => share(one.share)),
      isPromised ? 'at most 5%' : 'none: an account makes more than it counts',
    ]),
  );
}

const opens = ({ probability, medianExposures }: Crossing): string =>
  probability < 0.5 || medianExposures === null
    ? share(probability)
    : `${share(probability)} (${number(medianExposures)})`;

/** In per cent, with as many digits as matter. */
function share(value: number): string {
  const percent = value * 100;
  if (percent < 0.005) return '0%';
  return `${Number(percent >= 1 ? percent.toFixed(1) : percent.toPrecision(1))}%`;
}
