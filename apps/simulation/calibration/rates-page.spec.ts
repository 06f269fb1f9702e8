import { expect, it } from '@jest/globals';
import { share } from '../../../libs/safety/metrics.js';
import { ratesText } from '../../cli/simulate/rates-text.js';
import type { ObservedDay } from '../observed-day.js';
import { heading } from '../rows-by-week.js';
import { preview2022 } from '../scenarios.js';
import type { Simulation } from '../simulation.js';
import type { Calibration } from './fitted.js';
import { outcomeOf, type PlayedRate } from './play-rates.js';
import { ratesPage } from './rates-page.js';

const dayOf = (day: number, brakes: boolean): ObservedDay => ({
  ...{ day, people: 10 * day, waiting: 90 - day, deactivated: 0, perWeek: 70, images: 40 * day, exposed: 20 * day },
  ...{ flagged: share(day, 20 * day), confirmed: share(day >> 1, day), violations: null },
  gate: { outcome: 'hold', reasons: [], upper: 1 / day, limit: 0.1 },
  inForce: brakes && day > 2 ? 'brake' : 'hold',
  ...{ backlog: day, supplyPerDay: null, timeToVerdictMs: day < 3 ? null : 7_200_000, deactivationSeconds: null },
});
const runOf = (seed: number, brakes: boolean): Simulation => ({
  ...{ scenario: preview2022, seed, scale: 0.1, mostPerWeek: 7, events: 5, rates: [], checks: [] },
  fullestWeek: { day: 4, people: 7, perWeek: 70 },
  days: [1, 2, 3, 4].map((day) => dayOf(day, brakes)),
  moves: brakes ? [{ day: 3, outcome: 'brake', reasons: ['cohort-harm'] }] : [],
});
const rates: PlayedRate[] = [1000, 2000, 4000, 8000].map((perWeek) => ({
  perWeek,
  runs: [runOf(1, false), runOf(2, perWeek > 1000)],
}));
const calibration: Calibration = {
  scenario: { ...preview2022, title: '<b>' },
  parameters: [{ parameter: 'people.<i>', value: 0.5, low: 0.4, high: null, source: 'at least', basis: '"&' }],
  ...{ remarks: ['<script>'], perWeek: 1000, position: '7' },
};
const page = ratesPage({ calibration, rates, scale: 0.1, seed: 1 });

it('sums up the runs of a rate at full size', () => {
  expect(outcomeOf(rates[1]!, 0.1)).toMatchObject({
    ...{ perWeek: 2000, runs: 2, braked: 1, expanded: 0, ended: { expand: 0, hold: 1, brake: 1 } },
    people: { mean: 400, least: 400, most: 400 },
    verdictHours: { mean: 2 },
  });
});

it('counts neither the move that was in force before, nor what was brought about', () => {
  const run = runOf(1, false);
  const begin = { ...dayOf(1, false), day: 0, flagged: share(1, 5), confirmed: share(1, 1) };
  const kept = (outcome: string) => ({
    ...{ ...run, begin, moves: [{ day: 0, outcome, reasons: [] }] },
    days: run.days.map((day) => ({ ...day, inForce: outcome as ObservedDay['inForce'] })),
  });
  const outcome = outcomeOf({ perWeek: 10, runs: [kept('brake'), kept('expand'), runOf(2, true)] }, 0.1);
  expect(outcome).toMatchObject({ braked: 1, expanded: 0, people: { least: 400, most: 400 } });
  expect([outcome.images.least, outcome.images.most]).toEqual([1200, 1600]);
  expect([outcome.flagged.least, outcome.flagged.most]).toEqual([30, 40]);
  expect([outcome.confirmed.least, outcome.confirmed.most]).toEqual([10, 20]);
});

it('is a page with a line for each rate, three of a chart, the same for the same runs', () => {
  expect([...page.matchAll(/<h3>People</g)]).toHaveLength(2);
  expect([...page.matchAll(/<h3>Gate at ([\d,]+) a week</g)].map(([, rate]) => rate)).toEqual([
    '1,000',
    '2,000',
    '4,000',
    '8,000',
  ]);
  expect(ratesPage(structuredClone({ calibration, rates, scale: 0.1, seed: 1 }))).toBe(page);
  expect(page).toContain('<td>1 of 2</td>');
});

it('fetches nothing, and shows what a stranger wrote as text only', () => {
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|<b>|<i>|<link|<img|\b(?:src|href|style|on\w+)=|NaN|undefined|Infinity/);
});

it('says one of one', () => {
  const one = [{ perWeek: 1000, runs: [runOf(1, false)] }];
  const short = { ...calibration, scenario: { ...preview2022, days: 1 } };
  expect(ratesPage({ calibration: short, rates: one, scale: 1, seed: 1 })).toMatch(
    />1 day from .*, 1 run of each rate/,
  );
  expect(ratesText({ calibration: short, rates: one, scale: 1, seed: 1 })).toContain('After 1 day, 1 run of each rate');
  expect(heading({ ...runOf(1, false), days: [dayOf(1, false)], events: 1 })).toMatch(/: 1 day, 1 event\.$/);
});
