import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { safetyMetrics, share } from './metrics.js';
import { SAFETY_COUNTS, type SafetyCounts } from './safety-counts.js';

describe('a share', () => {
  it('is null while nothing was counted', () => {
    expect(share(0, 0)).toBeNull();
  });

  // R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3; 20 of 20 mirrors 0 of 20.
  it.each([
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [20, 20, 0.8389, 1],
    [1, 29, 0.0061, 0.1718],
  ])('of %i in %i has the published interval', (hits, of, low, high) => {
    const interval = share(hits, of)!;
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  const counts = fc
    .integer({ min: 1, max: 10_000_000 })
    .chain((of) => fc.tuple(fc.integer({ min: 0, max: of }), fc.constant(of)));

  it('is inside its interval, which is inside 0 to 1 and mirrors that of the complement', () => {
    fc.assert(
      fc.property(counts, ([hits, of]) => {
        const { low, value, high } = share(hits, of)!;
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThan(high);
        const rest = share(of - hits, of)!;
        expect(rest.low).toBeCloseTo(1 - high, 9);
        expect(rest.high).toBeCloseTo(1 - low, 9);
      }),
    );
  });

  it('solves the score equation at both ends: |value - p| = z * sqrt(p (1 - p) / n)', () => {
    fc.assert(
      fc.property(counts, ([hits, of]) => {
        const { low, value, high } = share(hits, of)!;
        for (const p of [low, high]) {
          if (p === 0 || p === 1) continue;
          expect(Math.abs(value - p) / Math.sqrt((p * (1 - p)) / of)).toBeCloseTo(1.959963984540054, 4);
        }
      }),
    );
  });

  it('has a narrower interval for larger counts', () => {
    fc.assert(
      fc.property(counts, ([hits, of]) => {
        const few = share(hits, of)!;
        const many = share(hits * 10, of * 10)!;
        expect(many.high - many.low).toBeLessThan(few.high - few.low);
      }),
    );
  });
});

describe('the safety metrics', () => {
  const counts = {
    generated: 500,
    shared: 150,
    shared_by_link: 20,
    exposed: 200,
    flags: 12,
    flagged: 10,
    exposed_flagged: 8,
    cases_open: 1,
    cases_confirmed: 3,
    cases_model_problem: 0,
    cases_dismissed: 6,
    exposed_confirmed: 2,
    exposed_dismissed: 4,
    exposed_confirmed_sampled: 0,
    exposed_model_problem: 0,
  };

  it('divide counts by their definitions', () => {
    const metrics = safetyMetrics(counts);
    expect(metrics).toMatchObject({
      generated: 500,
      exposed: 200,
      flagged: 10,
      cases: { open: 1, confirmed: 3, dismissed: 6 },
    });
    expect(metrics.flaggedShare).toMatchObject({ hits: 8, of: 200, value: 0.04 });
    expect(metrics.confirmedShare).toMatchObject({ hits: 3, of: 9, value: 1 / 3 });
    expect(metrics.violationRate).toMatchObject({ hits: 2, of: 200, value: 0.01 });
    expect(metrics.sharedByLink).toBe(20);
  });

  it('show the confirmed share of exposed images beside their undecided cases', () => {
    const metrics = safetyMetrics(counts);
    expect(metrics.exposedCases).toEqual({ open: 2, confirmed: 2, dismissed: 4, modelProblem: 0 });
    expect(metrics.exposedConfirmedShare).toMatchObject({ hits: 2, of: 6 });
  });

  it('of a group of flagged images are shares of all exposed images', () => {
    const metrics = safetyMetrics(counts, 4_000);
    expect(metrics.flaggedShare).toMatchObject({ hits: 8, of: 4_000 });
    expect(metrics.violationRate).toMatchObject({ hits: 2, of: 4_000 });
    expect(metrics.exposed).toBe(200);
  });
});

it('does not fall while a backlog grows, if what waits counts as a violation', () => {
  const counts = Object.fromEntries(SAFETY_COUNTS.map((name) => [name, 0])) as SafetyCounts;
  const at = (flagged: number, exposed: number) =>
    safetyMetrics({ ...counts, exposed, exposed_flagged: flagged, exposed_confirmed: 3 });
  const [early, late] = [at(3, 1_000), at(9, 2_000)];
  expect(late.violationRate!.value).toBeLessThan(early.violationRate!.value);
  expect(late.violationRateIfWaiting).toMatchObject({ hits: 9, of: 2_000 });
  expect(late.violationRateIfWaiting!.value).toBeGreaterThan(early.violationRateIfWaiting!.value);
});
