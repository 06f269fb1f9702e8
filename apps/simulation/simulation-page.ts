import { htmlPage, pageText } from '../../libs/cli/rendering/html-page.js';
import { number } from '../../libs/cli/rendering/table.js';
import { toIso } from '../../libs/kernel/clock.js';
import type { Share } from '../../libs/safety/metrics.js';
import { percent } from './expectations.js';
import { CHART_STYLE, lineChart, outcomeStrip } from './line-chart.js';
import type { ObservedDay } from './observed-day.js';
import { heading, rowsByWeek, turnsOf, WEEKLY } from './rows-by-week.js';
import type { Simulation } from './simulation.js';

const HOUR_MS = 3_600_000;

/** Of a page with charts and tables. */
export const PAGE_STYLE = `${CHART_STYLE}
table{border-collapse:collapse;margin:.5rem 0;font-size:.9rem}
th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}
.wide{overflow-x:auto}
`;

/** A simulated rollout as one page that needs no network. Equal simulations have equal pages. */
export function simulationPage(simulation: Simulation): string {
  const { scenario, days, checks } = simulation;
  const main = [
    `<h1>${pageText(scenario.title)}</h1>`,
    `<p class="dim">${pageText(heading(simulation))} It begins on ${pageText(toIso(Date.parse(scenario.startsAt)))}; the axes count days from there.</p>`,
    checks.length === 0
      ? ''
      : section(
          'What the scenario expects',
          tableOf(
            ['what', 'expected', 'found', 'as expected'],
            checks.map(({ what, expected, found, isMet }) => [what, expected, found, isMet ? 'yes' : 'NO']),
          ),
        ),
    section('Charts', chartsOf(days)),
    section('By week', tableOf(WEEKLY, rowsByWeek(days))),
    section('Rates that were set, and moves of the gate', tableOf(['day', 'what', 'why'], turnsOf(simulation))),
    section('The scenario', `<pre class="wide">${pageText(JSON.stringify(scenario, null, 2))}</pre>`),
  ];
  return htmlPage(`Simulated rollout: ${scenario.name}`, main.join('\n'), PAGE_STYLE);
}

export const section = (title: string, html: string): string => `<section><h2>${pageText(title)}</h2>${html}</section>`;

type Cell = string | number | null;

export function tableOf(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = (row: readonly Cell[], tag: string) =>
    row.map((one) => `<${tag}>${pageText(typeof one === 'number' ? number(one) : (one ?? '–'))}</${tag}>`).join('');
  return `<div class="wide"><table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')}</tbody></table></div>`;
}

function chartsOf(days: readonly ObservedDay[]): string {
  const each = (of: (day: ObservedDay) => number | null) => days.map(of);
  const shareOf = (name: string, of: (day: ObservedDay) => Share | null) => ({
    ...{ name, values: each((day) => of(day)?.value ?? null), band: days.map(of) },
  });
  const rates = { text: percent };
  const counts = { text: (value: number) => number(value) };
  return [
    lineChart({
      ...{ title: 'People', about: 'Ever onboarded, still waiting, and deactivated.', ...counts },
      series: [
        { name: 'onboarded', values: each(({ people }) => people) },
        { name: 'waiting', values: each(({ waiting }) => waiting) },
        { name: 'deactivated', values: each(({ deactivated }) => deactivated) },
      ],
    }),
    lineChart({
      ...{ title: 'Rate', about: 'People onboarded in the last seven days, and how many may be.', ...counts },
      series: [
        { name: 'onboarded in seven days', values: days.map(({ people }, n) => people - (days[n - 7]?.people ?? 0)) },
        { name: 'rate in force', values: each(({ perWeek }) => perWeek), isLimit: true },
      ],
    }),
    lineChart({
      ...{ title: 'Flagged share', about: 'Of exposed images, with the 95% interval.', ...rates },
      series: [shareOf('flagged', ({ flagged }) => flagged)],
    }),
    lineChart({
      ...{ title: 'Confirmed share', about: 'Of decided cases, with the 95% interval.', ...rates },
      series: [shareOf('confirmed', ({ confirmed }) => confirmed)],
    }),
    outcomeStrip(
      'Gate',
      'What was in force at the end of each day.',
      days.map(({ inForce }) => inForce),
    ),
    lineChart({
      title: 'Evidence of the gate',
      about:
        'The highest violation rate of the stage that the test does not refute: below the limit it passes. Rates above ten times the limit are not drawn.',
      ...rates,
      series: [
        {
          name: 'highest rate not refuted',
          values: each(({ gate }) => (gate.upper > 10 * gate.limit ? null : gate.upper)),
        },
        { name: 'limit after its discounts', values: each(({ gate }) => gate.limit), isLimit: true },
      ],
    }),
    lineChart({
      ...{ title: 'Backlog', about: 'Cases that wait, and what reviewers can decide a day.', ...counts },
      series: [
        { name: 'cases that wait', values: each(({ backlog }) => backlog) },
        { name: 'cases that can be decided a day', values: each(({ supplyPerDay }) => supplyPerDay) },
      ],
    }),
    lineChart({
      title: 'Latency',
      about: 'Hours from the flag that opened a case to its decision, and from that to the deactivation, of 95 of 100.',
      text: (value) => `${number(value)} h`,
      series: [
        { name: 'flag to decision', values: each(({ timeToVerdictMs: ms }) => (ms === null ? null : ms / HOUR_MS)) },
        {
          name: 'decision to deactivation',
          values: each(({ deactivationSeconds: s }) => (s === null ? null : s / 3600)),
        },
      ],
    }),
  ].join('\n');
}
