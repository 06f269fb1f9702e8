import { htmlPage, pageText } from '../../../libs/cli/rendering/html-page.js';
import { number } from '../../../libs/cli/rendering/table.js';
import { counted } from '../../../libs/kernel/counted.js';
import { percent } from '../expectations.js';
import { lineChart, outcomeStrip, type Series } from '../line-chart.js';
import type { ObservedDay } from '../observed-day.js';
import { PAGE_STYLE, section, tableOf } from '../simulation-page.js';
import { OUTCOMES, outcomeRows, PARAMETERS, parameterRows } from './calibration-rows.js';
import type { Calibration } from './fitted.js';
import { outcomeOf, type PlayedRate, spreadOf } from './play-rates.js';

/** As many lines as have a look of their own. */
const LINES = 3;
const HOUR_MS = 3_600_000;

export interface PlayedCalibration {
  calibration: Calibration;
  rates: readonly PlayedRate[];
  scale: number;
  seed: number;
}

/** What would happen at several rates, as one page that needs no network. Equal arguments have equal pages. */
export function ratesPage({ calibration, rates, scale, seed }: PlayedCalibration): string {
  const { scenario, remarks } = calibration;
  const runs = rates[0]!.runs.length;
  const main = [
    `<h1>${pageText(scenario.title)}</h1>`,
    `<p class="dim">${pageText(`${counted(scenario.days, 'day')} from ${scenario.startsAt}, ${counted(runs, 'run')} of each rate from seed ${seed}, at scale ${scale}; figures are at full size. The axes count days. Lines are means, with the range of the runs around them.`)}</p>`,
    section('What would happen', tableOf(OUTCOMES, outcomeRows(rates.map((rate) => outcomeOf(rate, scale))))),
    section('Charts', chartsOf(rates, scale)),
    section('What was fitted', tableOf(PARAMETERS, parameterRows(calibration))),
    section('Beside the scenario', remarks.map((remark) => `<p>${pageText(remark)}</p>`).join('')),
    section('The scenario', `<pre class="wide">${pageText(JSON.stringify(scenario, null, 2))}</pre>`),
  ];
  return htmlPage('What would happen at several rates', main.join('\n'), PAGE_STYLE);
}

function chartsOf(rates: readonly PlayedRate[], scale: number): string {
  const seriesOf = (of: (day: ObservedDay) => number | null): Series[] =>
    rates.map(({ perWeek, runs }) => {
      const spreads = runs[0]!.days.map((_, n) => {
        const values = runs.flatMap(({ days }) => of(days[n]!) ?? []);
        return values.length === 0 ? null : spreadOf(values);
      });
      return {
        name: `${number(perWeek)} a week`,
        values: spreads.map((one) => one?.mean ?? null),
        band: spreads.map((one) => one && { low: one.least, high: one.most }),
      };
    });
  const chart = (
    title: string,
    about: string,
    text: (value: number) => string,
    of: (day: ObservedDay) => number | null,
  ): string[] => {
    const series = seriesOf(of);
    const parts = Array.from({ length: Math.ceil(series.length / LINES) }, (_, n) =>
      series.slice(n * LINES, (n + 1) * LINES),
    );
    return parts.map((part) => lineChart({ title, about, text, series: part }));
  };
  const count = (value: number) => number(Math.round(value * 100) / 100);
  const atFullSize = (of: (day: ObservedDay) => number) => (day: ObservedDay) => of(day) / scale;
  return [
    ...chart(
      'People',
      'Ever onboarded.',
      count,
      atFullSize(({ people }) => people),
    ),
    ...chart(
      'Waiting',
      'People on the waitlist.',
      count,
      atFullSize(({ waiting }) => waiting),
    ),
    ...chart(
      'Images',
      'Generated since the beginning, with the exposed ones of the stage before.',
      count,
      atFullSize(({ images }) => images),
    ),
    ...chart(
      'Backlog',
      'Cases that wait.',
      count,
      atFullSize(({ backlog }) => backlog),
    ),
    ...chart('Flagged share', 'Of exposed images.', percent, ({ flagged }) => flagged?.value ?? null),
    ...chart('Confirmed share', 'Of decided cases.', percent, ({ confirmed }) => confirmed?.value ?? null),
    ...chart(
      'Highest rate not refuted',
      'Of violations, in the stage: below the limit the test passes. Rates above ten times the limit are not drawn.',
      percent,
      ({ gate }) => (gate.upper > 10 * gate.limit ? null : gate.upper),
    ),
    ...chart(
      'Latency',
      'Hours from the flag that opened a case to its decision, of 95 of 100.',
      (value) => `${count(value)} h`,
      ({ timeToVerdictMs: ms }) => (ms === null ? null : ms / HOUR_MS),
    ),
    ...rates.map(({ perWeek, runs }) =>
      outcomeStrip(
        `Gate at ${number(perWeek)} a week`,
        'What was in force at the end of each day, in the first run.',
        runs[0]!.days.map(({ inForce }) => inForce),
      ),
    ),
  ].join('\n');
}
