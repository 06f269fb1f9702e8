import { expect, it } from '@jest/globals';
import { binomial } from './binomial.js';
import { openingAtLooks, openingOf } from './crossing.js';
import {
  clopperPearsonBoundary,
  lanDeMetsBoundary,
  lanDeMetsLooks,
  naiveBoundary,
  normalTail,
  spendingOf,
} from './other-rules.js';

it('opens by the share of violations once one was to be expected', () => {
  expect([...naiveBoundary(0.0005, 6_001)]).toEqual([2_000, 2_001, 4_001, 6_001]);
});

it('opens by Clopper and Pearson once so few violations had a chance of at most alpha', () => {
  const boundary = clopperPearsonBoundary(0.0005, 0.05, 20_000);
  // Without any violation: ln 0.05 / ln(1 - 0.0005).
  expect(boundary[0]).toBe(Math.ceil(Math.log(0.05) / Math.log1p(-0.0005)));
  for (const [x, n] of boundary.entries()) {
    const atMost = (n: number) => {
      const { first, probabilities } = binomial(n, 0.0005);
      return probabilities.reduce((sum, one, i) => sum + (first + i <= x ? one : 0), 0);
    };
    expect([atMost(n) <= 0.05, atMost(n - 1) <= 0.05]).toEqual([true, false]);
  }
});

it('spends alpha as Lan and DeMets do, at its end all of it', () => {
  const spentBy = spendingOf(0.05);
  expect(spentBy(1)).toBeCloseTo(0.05, 12);
  expect(spentBy(2)).toBeCloseTo(0.05, 12);
  // 2 - 2 Phi(1.959964 / sqrt(0.5)).
  expect(spentBy(0.5)).toBeCloseTo(0.005_575, 5);
  expect(spentBy(0.1)).toBeCloseTo(5.7e-10, 11);
});

it.each([
  [0, 0.5],
  [1, 0.158655253931457],
  [1.959963984540054, 0.025],
  [2.999999, 0.00134990246348515],
  [3, 0.00134989803163],
  [6, 9.86587645037698e-10],
  [20, 2.75362411860623e-89],
])('knows the chance that a normal variable exceeds %d', (z, tail) => {
  expect(Math.abs(normalTail(z) / tail - 1)).toBeLessThan(1e-11);
});

it('keeps alpha with looks that are planned and with a look after each exposure, and uses nearly all of it', () => {
  const looks = lanDeMetsLooks(0.0005, 0.05, 1_000_000, 10);
  expect(looks.map(({ exposures }) => exposures)).toEqual(Array.from({ length: 10 }, (_, i) => (i + 1) * 100_000));
  for (const { probability } of [
    openingAtLooks(looks, 0.0005),
    openingOf(lanDeMetsBoundary(0.0005, 0.05, 1_000_000), 0.0005),
  ]) {
    expect(probability).toBeLessThanOrEqual(0.05);
    expect(probability).toBeGreaterThan(0.045);
  }
});
