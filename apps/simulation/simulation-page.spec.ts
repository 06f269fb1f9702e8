import { describe, expect, it } from '@jest/globals';
import { share } from '../../libs/safety/metrics.js';
import { lineChart } from './line-chart.js';
import type { ObservedDay } from './observed-day.js';
import { preview2022 } from './scenarios.js';
import type { Simulation } from './simulation.js';
import { simulationPage } from './simulation-page.js';

const dayOf = (day: number): ObservedDay => ({
  ...{ day, people: 10 * day, waiting: 90 - day, deactivated: day >> 2, perWeek: 70, images: 40 * day },
  ...{ exposed: 20 * day, flagged: share(day, 20 * day), confirmed: share(day >> 1, day), violations: null },
  gate: { outcome: 'hold', reasons: ['exposures-insufficient'], upper: 1 / day, limit: 0.1 },
  inForce: day < 4 ? 'hold' : day < 8 ? 'expand' : 'brake',
  ...{ backlog: day, supplyPerDay: day < 4 ? null : 5, timeToVerdictMs: day * 3_600_000, deactivationSeconds: 0 },
});

const simulation: Simulation = {
  scenario: preview2022,
  ...{ seed: 1, scale: 0.01, mostPerWeek: 70, events: 12_345 },
  fullestWeek: { day: 7, people: 70, perWeek: 70 },
  days: Array.from({ length: 10 }, (_, n) => dayOf(n + 1)),
  moves: [{ day: 4, outcome: 'expand', reasons: [] }],
  rates: [{ day: 0, perWeek: 70 }],
  checks: [{ what: 'the gate brakes', expected: 'no', found: 'yes', isMet: false }],
};

describe('the page of a simulated rollout', () => {
  const page = simulationPage(simulation);

  it('has every chart, and is the same for the same simulation', () => {
    const titles = [...page.matchAll(/<figcaption><h3>([^<]+)</g)].map(([, title]) => title);
    expect(titles).toEqual([
      ...['People', 'Rate', 'Flagged share', 'Confirmed share'],
      ...['Gate', 'Evidence of the gate', 'Backlog', 'Latency'],
    ]);
    expect(simulationPage(structuredClone(simulation))).toBe(page);
  });

  it('fetches nothing, runs nothing, and has colours for light and dark', () => {
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\b(?:src|href|style|on\w+)=|url\(|@import|https?:/i);
    expect(page).toContain('@media (prefers-color-scheme:dark)');
    expect(page).not.toMatch(/NaN|undefined|Infinity|null,null/);
  });

  it('closes every element that it opens', () => {
    const open: string[] = [];
    for (const [, end, name, , self] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*?)(\/?)>/g)) {
      if (name === 'meta' || self) continue;
      if (end) expect(open.pop()).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
  });

  it('says what differs from what the scenario expects', () => {
    expect(page).toContain('<td>the gate brakes</td><td>no</td><td>yes</td><td>NO</td>');
  });

  it('shows what a stranger wrote as text only', () => {
    const title = '</h1><script>alert(1)</script>"\u202e';
    const hostile = simulationPage({
      ...simulation,
      scenario: { ...preview2022, title, name: '"><b>' },
      checks: [{ what: '<i>', expected: '&', found: "'", isMet: true }],
    });
    expect(hostile).not.toMatch(/<script|<b>|<i>|\u202e/);
    expect(hostile).toContain('&lt;script&gt;');
  });
});

describe('a chart', () => {
  const draw = (...values: (number | null)[]) =>
    lineChart({ title: 't', about: 'a', text: String, series: [{ name: 's', values }] });
  const path = (html: string) => /<path class="line s0" d="([^"]*)"\/><\/svg><\/figure>/.exec(html)?.[1];

  it('leaves a gap where there is no value', () => {
    expect(path(draw(1, null, 2))).toMatch(/^M[\d. ]+M[\d. ]+$/);
    expect(path(draw(1, 2, 3))).toMatch(/^M[\d. ]+L[\d. ]+L[\d. ]+$/);
  });

  it('begins its axis at 0 and ends it at a round number', () => {
    expect(draw(37).match(/text-anchor="end">([^<]+)</g)).toEqual(
      [0, 12.5, 25, 37.5, 50].map((tick) => `text-anchor="end">${tick}<`),
    );
  });

  it('is drawn without any value', () => {
    expect(path(draw())).toBe('');
    expect(path(draw(null))).toBe('');
    expect(path(draw(0, 0))).not.toMatch(/NaN/);
  });
});
