import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { priorOfLimit } from '../evidence.js';
import { mostHarmfulExposures, openingBoundary } from '../opening-boundary.js';
import { afterTrials, binomial } from './binomial.js';
import { seededChance } from './chance.js';
import { brakingOf, openingAtLooks, openingOf } from './crossing.js';
import { clopperPearsonBoundary, lanDeMetsLooks } from './other-rules.js';

const LIMIT = 0.0005;
const MILLION = 1_000_000;
const gate = openingBoundary({ limit: LIMIT, alpha: 0.05, prior: priorOfLimit(LIMIT) }, MILLION);

/** A second implementation: one exposure after the other. */
function oneByOne(acts: (n: number, x: number) => boolean, rate: number, exposures: number) {
  let counts = [1];
  const acted: number[] = [];
  for (let n = 1; n <= exposures; n++) {
    const after = [...counts.map((one) => one * (1 - rate)), 0];
    for (const [x, one] of counts.entries()) after[x + 1]! += one * rate;
    acted.push(after.reduce((sum, one, x) => sum + (acts(n, x) ? one : 0), 0));
    counts = after.map((one, x) => (acts(n, x) ? 0 : one));
  }
  const probability = acted.reduce((sum, one) => sum + one, 0);
  let sum = 0;
  const median = acted.findIndex((one) => {
    sum += one;
    return one > 0 && sum >= probability / 2;
  });
  return { probability, medianExposures: median === -1 ? null : median + 1 };
}

const ascending = (length: number, most: number) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: most }), { minLength: 1, maxLength: length })
    .map((all) => all.sort((a, b) => a - b));
const rate = fc.double({ min: 0.001, max: 0.6, noNaN: true });

describe('the exact chances of a rule', () => {
  it('to open are those of following each exposure', () => {
    fc.assert(
      fc.property(ascending(12, 60), rate, (boundary, rate) => {
        const opens = (n: number, x: number) => n >= (boundary[x] ?? Number.POSITIVE_INFINITY);
        const expected = oneByOne(opens, rate, 60);
        const found = openingOf(boundary, rate);
        expect(found.probability).toBeCloseTo(expected.probability, 10);
        if (expected.probability > 1e-6) expect(found.medianExposures).toBe(expected.medianExposures);
      }),
    );
  });

  it('to open at a few looks are those of following each exposure', () => {
    const looks = fc
      .tuple(ascending(5, 60), fc.array(fc.integer({ min: -1, max: 10 }), { minLength: 5, maxLength: 5 }))
      .map(([at, most]) => at.map((exposures, i) => ({ exposures, mostViolations: most[i]! })));
    fc.assert(
      fc.property(looks, rate, (looks, rate) => {
        const opens = (n: number, x: number) =>
          looks.some(({ exposures, mostViolations }) => n === exposures && x <= mostViolations);
        expect(openingAtLooks(looks, rate).probability).toBeCloseTo(oneByOne(opens, rate, 60).probability, 10);
      }),
    );
  });

  it('to brake are those of following each exposure', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), ascending(8, 60), rate, (never, boundary, rate) => {
        const most = [...Array.from({ length: never }, () => 0), ...boundary];
        const expected = oneByOne((n, x) => most.some((upTo, least) => upTo > 0 && x >= least && n <= upTo), rate, 60);
        const found = brakingOf(most, rate);
        expect(found.probability).toBeCloseTo(expected.probability, 10);
        if (expected.probability > 1e-6) expect(found.medianExposures).toBe(expected.medianExposures);
      }),
    );
  });

  it('are none for a rule that never acts', () => {
    expect(openingOf([], 0.1)).toEqual({ probability: 0, medianExposures: null });
    expect(brakingOf([0, 0, 0], 0.1)).toEqual({ probability: 0, medianExposures: null });
    expect(openingAtLooks([{ exposures: 10, mostViolations: -1 }], 0.1)).toEqual({
      probability: 0,
      medianExposures: null,
    });
  });
});

describe('the gate, with a look after each of a million exposures', () => {
  it.each([
    [0.0005, 0.046, null],
    [0.0004, 0.952, 314_184],
    [0.00025, 1, 37_617],
    [0.0002, 1, 24_599],
    [0.0001, 1, 13_191],
    [0.001, 0.0002, null],
  ])('opens at a true rate of %d with a chance of %d, half of them after %d exposures', (rate, chance, median) => {
    const { probability, medianExposures } = openingOf(gate, rate);
    expect(Math.abs(probability - chance)).toBeLessThan(0.0005);
    if (median !== null) expect(medianExposures).toBe(median);
  });

  it('never opens wrongly with a chance of more than alpha, for any limit and alpha', () => {
    const test = fc.record({
      limit: fc.double({ min: 0.0005, max: 0.05, noNaN: true }),
      alpha: fc.double({ min: 0.001, max: 0.3, noNaN: true }),
    });
    fc.assert(
      fc.property(test, fc.double({ min: 1, max: 3, noNaN: true }), ({ limit, alpha }, above) => {
        const boundary = openingBoundary({ limit, alpha, prior: priorOfLimit(limit) }, 100 / limit);
        expect(openingOf(boundary, limit * above).probability).toBeLessThanOrEqual(alpha);
      }),
      { numRuns: 30 },
    );
  });

  it('opens as often in simulated rollouts', () => {
    const chance = seededChance(1, 'crossing');
    const logClean = Math.log1p(-0.0004);
    const runs = 2_000;
    let opened = 0;
    for (let run = 0; run < runs; run++) {
      for (let n = 0, x = 0; n < MILLION; x++) {
        n += chance.failures(logClean);
        if (Math.min(n, MILLION) >= (gate[x] ?? Number.POSITIVE_INFINITY)) {
          opened++;
          break;
        }
        n++;
      }
    }
    const { probability } = openingOf(gate, 0.0004);
    expect(Math.abs(opened / runs - probability)).toBeLessThan(3 * Math.sqrt((probability * (1 - probability)) / runs));
  });

  it('opens wrongly far less often than rules that promise nothing', () => {
    expect(openingOf(clopperPearsonBoundary(LIMIT, 0.05, MILLION), LIMIT).probability).toBeGreaterThan(0.35);
    const { probability, medianExposures } = openingAtLooks(lanDeMetsLooks(LIMIT, 0.05, MILLION, 10), 0.0004);
    expect(probability).toBeCloseTo(0.999, 3);
    expect(medianExposures).toBe(500_000);
  });
});

describe('the test for harm', () => {
  const most = (threshold: number) =>
    Array.from({ length: 300 }, (_, x) => mostHarmfulExposures(x, LIMIT, priorOfLimit(LIMIT), Math.log(threshold)));

  it.each([
    [0.001, 15_515, 15_441],
    [0.002, 3_089, 3_093],
    [0.005, 811, 818],
  ])('brakes at %d after a median of %d exposures, which simulations put at %d', (rate, median, simulated) => {
    const { probability, medianExposures } = brakingOf(most(1 / 0.05), rate);
    expect(probability).toBeGreaterThan(0.999);
    expect(medianExposures).toBe(median);
    // The medians of 4,000 simulated rollouts differ by a hundredth.
    expect(Math.abs(simulated / median - 1)).toBeLessThan(0.01);
  });

  it('brakes wrongly with a chance of at most what it may spend', () => {
    expect(brakingOf(most(20), LIMIT).probability).toBeLessThanOrEqual(0.05);
    expect(brakingOf(most(40), LIMIT).probability).toBeLessThanOrEqual(0.025);
  });
});

describe('the binomial distribution', () => {
  it('adds up to 1 and has its mean, also where n is huge', () => {
    const cases = [
      [1, 0.5],
      [20, 0.999],
      [1_000_000, 0.0005],
      [1_000_000_000, 0.3],
      [50, 1e-9],
    ] as const;
    for (const [n, rate] of cases) {
      const { first, probabilities } = binomial(n, rate);
      expect(probabilities.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
      const mean = probabilities.reduce((sum, one, i) => sum + one * (first + i), 0);
      expect(Math.abs(mean / (n * rate) - 1)).toBeLessThan(1e-9);
    }
    expect(binomial(0, 0.5)).toEqual({ first: 0, probabilities: Float64Array.of(1) });
  });

  it('after some trials and further ones is that after all of them', () => {
    const counts = new Float64Array(60);
    counts[0] = 1;
    const twice = afterTrials(afterTrials(counts, 300, 0.05), 200, 0.05);
    const once = afterTrials(counts, 500, 0.05);
    for (const [x, one] of once.entries()) expect(twice[x]).toBeCloseTo(one, 12);
  });
});
