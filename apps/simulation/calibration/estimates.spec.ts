import { describe, expect, it } from '@jest/globals';
import { seededChance } from '../../../libs/gate/trials/chance.js';
import { effectiveCounts, imageRate, meanCount, meanDelay, pooledShare, shrunkShare } from './estimates.js';

/** The sums of accounts with so many images, of which a part has something. */
function partOf(accounts: readonly { all: number; part: number }[]) {
  const sum = (of: (one: { all: number; part: number }) => number) => accounts.reduce((so, one) => so + of(one), 0);
  return {
    ...{ accounts: accounts.length, part: sum(({ part }) => part), partSquared: sum(({ part }) => part ** 2) },
    ...{
      product: sum(({ all, part }) => all * part),
      all: sum(({ all }) => all),
      allSquared: sum(({ all }) => all ** 2),
    },
  };
}

describe('effective counts', () => {
  it('are the counts themselves if accounts differ no more than by chance', () => {
    expect(effectiveCounts(partOf(Array.from({ length: 50 }, () => ({ all: 10, part: 3 }))))).toEqual({
      hits: 150,
      of: 500,
    });
  });

  it('are about those of accounts if each account does all or nothing', () => {
    const accounts = Array.from({ length: 100 }, (_, n) => ({ all: 20, part: n % 4 === 0 ? 20 : 0 }));
    const { hits, of } = effectiveCounts(partOf(accounts));
    expect(of).toBeCloseTo(99, 6);
    expect(hits / of).toBeCloseTo(0.25, 12);
  });

  it('are the counts if there is nothing that could vary', () => {
    expect(effectiveCounts(partOf([]))).toEqual({ hits: 0, of: 0 });
    expect(effectiveCounts(partOf([{ all: 5, part: 2 }]))).toEqual({ hits: 2, of: 5 });
    expect(
      effectiveCounts(
        partOf([
          { all: 5, part: 5 },
          { all: 1, part: 1 },
        ]),
      ),
    ).toEqual({ hits: 6, of: 6 });
  });
});

describe('a shrunk share', () => {
  it('is that of all for a group that shows nothing, and nearly its own for one that shows much', () => {
    const groups = [
      { hits: 0, of: 0 },
      { hits: 500, of: 10_000 },
      { hits: 10, of: 90_000 },
    ];
    const pooled = pooledShare(groups);
    expect(pooled).toBeCloseTo(510.5 / 100_001, 9);
    expect(shrunkShare(groups[0]!, pooled).value).toBeCloseTo(pooled, 12);
    expect(shrunkShare(groups[1]!, pooled).value).toBeCloseTo(0.05, 3);
    expect(shrunkShare(groups[2]!, pooled).value).toBeLessThan(0.0002);
  });

  it('is rare and not impossible if nothing was ever seen', () => {
    const { value, low, high } = shrunkShare({ hits: 0, of: 1000 }, pooledShare([{ hits: 0, of: 1000 }]));
    expect([value > 0, low < value, value < high, high < 0.01]).toEqual([true, true, true, true]);
  });

  it('lies inside its interval, whatever the counts', () => {
    for (const hits of [0, 0.3, 1, 7, 40])
      for (const pooled of [1e-6, 0.01, 0.5, 0.99]) {
        const { value, low, high } = shrunkShare({ hits, of: 40 }, pooled);
        expect([hits, pooled, low <= value && value <= high]).toEqual([hits, pooled, true]);
      }
  });
});

describe('a mean delay', () => {
  const draw = (mean: number, limit: number, count: number) => {
    const chance = seededChance(1, `delays ${mean}`);
    const delays = Array.from({ length: count }, () => chance.exponential(mean)).filter((one) => one <= limit);
    return meanDelay(
      delays.length,
      delays.reduce((sum, one) => sum + one, 0),
      limit,
    );
  };

  it.each([0.5, 2, 6])('of %s days is found although those beyond the limit are not counted', (mean) => {
    const { value, low, high } = draw(mean, 9, 4000);
    expect([low < mean, mean < high]).toEqual([true, true]);
    expect(value / mean).toBeGreaterThan(0.85);
    expect(value / mean).toBeLessThan(1.15);
  });

  it('is as long as the limit at most', () => {
    expect(meanDelay(10, 80, 9).value).toBeCloseTo(9, 6);
    expect(meanDelay(3, 0, 9).value).toBeCloseTo(0, 6);
    expect(meanDelay(3, 0, 0)).toEqual({ value: 0, low: 0, high: 0 });
    expect(meanDelay(3, 1, 0)).toEqual({ value: 0, low: 0, high: 0 });
  });
});

it('a mean count has at least the spread of Poisson, also if nothing was counted', () => {
  expect(meanCount([4])).toEqual({ value: 4, low: expect.closeTo(0.08, 2), high: expect.closeTo(7.92, 2) });
  expect(meanCount([0, 0]).high).toBeGreaterThan(0.9);
  expect(meanCount([10, 90]).high).toBeGreaterThan(100);
});

it('a rate of images has the spread between accounts', () => {
  const alike = imageRate(400, 100, { accounts: 100, images: 400, imagesSquared: 1600 });
  expect(alike.high - alike.value).toBeCloseTo((1.96 * 4) / 20, 2);
  const apart = imageRate(400, 100, { accounts: 100, images: 400, imagesSquared: 16_000 });
  expect(apart.high - apart.value).toBeGreaterThan(2 * (alike.high - alike.value));
  expect(imageRate(400, 100, { accounts: 0, images: 0, imagesSquared: 0 }).value).toBe(4);
});
