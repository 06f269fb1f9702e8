import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exactInterval } from './exact-interval.js';
import { type ExposedCounts, prevalenceOf } from './prevalence.js';

const counts = (change: Partial<ExposedCounts> = {}): ExposedCounts => ({
  ...{ exposed: 100_000, flaggedBefore: 1_000, confirmedBefore: 50 },
  ...{ confirmed: 120, confirmedFlagged: 110, confirmedDetected: 60 },
  ...change,
});

describe('the exact interval of a proportion', () => {
  it('is that of Clopper and Pearson', () => {
    // 4 of 20, as in Agresti and Coull, The American Statistician 52 (1998); and closed forms at the ends.
    expect(exactInterval(4, 20).low).toBeCloseTo(0.0573, 4);
    expect(exactInterval(4, 20).high).toBeCloseTo(0.4366, 4);
    expect(exactInterval(0, 1_000)).toEqual({ low: 0, high: expect.closeTo(1 - 0.025 ** (1 / 1_000), 9) });
    expect(exactInterval(30, 30)).toEqual({ low: expect.closeTo(0.025 ** (1 / 30), 9), high: 1 });
  });

  it('has the proportion inside, is mirrored with it, and narrows with more, also for large numbers', () => {
    const trial = fc
      .integer({ min: 1, max: 300_000 })
      .chain((of) => fc.tuple(fc.integer({ min: 0, max: of }), fc.constant(of)));
    fc.assert(
      fc.property(trial, ([hits, of]) => {
        const { low, high } = exactInterval(hits, of);
        expect(low).toBeLessThanOrEqual(hits / of);
        expect(high).toBeGreaterThanOrEqual(hits / of);
        const mirrored = exactInterval(of - hits, of);
        expect(mirrored.low).toBeCloseTo(1 - high, 8);
        const more = exactInterval(hits * 4, of * 4);
        expect(more.high - more.low).toBeLessThan(high - low);
      }),
      { seed: 20220518, numRuns: 200 },
    );
  });
});

describe('the estimate of prevalence', () => {
  it('counts what was flagged before, and estimates the rest', () => {
    const found = prevalenceOf(counts(), [{ perMillion: 20_000, decided: 1_000, unsafe: 4 }])!;
    const { low, high } = exactInterval(4, 1_000);
    // 0.4 % of 99,000 images; and 50 that are known.
    expect(found.unflaggedViolations.value).toBeCloseTo(396, 9);
    expect(found.unflaggedViolations.high).toBeCloseTo(high * 99_000, 9);
    expect(found.violations.value).toBeCloseTo(446, 9);
    expect(found.prevalence.value).toBeCloseTo(0.00446, 9);
    expect(found.prevalence.low).toBeCloseTo((50 + low * 99_000) / 100_000, 9);
    expect(found.flagRecall!.value).toBeCloseTo(110 / 446, 9);
    expect(found.flagRecall!.low).toBeCloseTo(110 / (50 + high * 99_000), 9);
    expect(found.flagRecall!.high).toBeCloseTo(110 / (50 + low * 99_000), 9);
    expect(found.detectorRecall!.value).toBeCloseTo(60 / 446, 9);
  });

  it('is at least what is confirmed', () => {
    const found = prevalenceOf(counts(), [{ perMillion: 20_000, decided: 1_000, unsafe: 0 }])!;
    expect(found.unflaggedViolations).toMatchObject({ value: 0, low: 0 });
    expect(found.violations).toMatchObject({ value: 120, low: 120 });
    expect(found.flagRecall).toMatchObject({ value: 110 / 120, high: 110 / 120 });
  });

  it('weighs each image by the inverse of its chance', () => {
    const one = { perMillion: 10_000, decided: 100, unsafe: 10 };
    const other = { perMillion: 40_000, decided: 400, unsafe: 0 };
    // Each stands for the same number of images: 5 % of all, where 2 % of the sample are unsafe.
    const found = prevalenceOf(counts({ flaggedBefore: 0, confirmedBefore: 0 }), [one, other])!;
    expect(found.unflaggedViolations.value).toBeCloseTo(5_000, 9);
    // (100 · 4 + 400)² / (100 · 16 + 400)
    expect(found.unflaggedViolations.high).toBeCloseTo(exactInterval(16, 320).high * 100_000, 6);
  });

  it('says nothing without a decided image of the sample, or without exposed images', () => {
    expect(prevalenceOf(counts(), [])).toBeNull();
    expect(prevalenceOf(counts(), [{ perMillion: 20_000, decided: 0, unsafe: 0 }])).toBeNull();
    expect(prevalenceOf(counts({ exposed: 0 }), [{ perMillion: 1, decided: 1, unsafe: 0 }])).toBeNull();
  });

  it('says nothing of recall while there may be no violation', () => {
    const none = counts({ confirmedBefore: 0, confirmed: 0, confirmedFlagged: 0, confirmedDetected: 0 });
    const found = prevalenceOf(none, [{ perMillion: 20_000, decided: 100, unsafe: 0 }])!;
    expect([found.flagRecall, found.detectorRecall]).toEqual([null, null]);
  });
});

/** Marsaglia's xorshift, from 0 without 1. */
function randomFrom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

it('has the true prevalence and the true recall within its intervals in at least 93 of 100 populations', () => {
  const POPULATIONS = 400;
  const EXPOSED = 20_000;
  const random = randomFrom(20_220_518);
  let [prevalences, recalls] = [0, 0];
  for (let n = 0; n < POPULATIONS; n++) {
    const [rate, flagging] = [0.001 + random() * 0.01, 0.1 + random() * 0.8];
    const now = counts({ exposed: EXPOSED, flaggedBefore: 0, confirmedBefore: 0, confirmed: 0, confirmedFlagged: 0 });
    const strata = [30_000, 80_000].map((perMillion) => ({ perMillion, decided: 0, unsafe: 0 }));
    let violations = 0;
    for (let image = 0; image < EXPOSED; image++) {
      const isUnsafe = random() < rate;
      // The setting was raised in between, and some images were flagged before anybody saw them.
      const stratum = strata[image < EXPOSED / 3 ? 0 : 1]!;
      const isBefore = random() < (isUnsafe ? 0.05 : 0.001);
      const isFlagged = isBefore || random() < (isUnsafe ? flagging : 0.01);
      const isChosen = !isBefore && random() * 1_000_000 < stratum.perMillion;
      if (isUnsafe) violations++;
      if (isBefore) now.flaggedBefore++;
      if (isBefore && isUnsafe) now.confirmedBefore++;
      if (isUnsafe && isFlagged) now.confirmedFlagged++;
      if (isUnsafe && (isFlagged || isChosen)) now.confirmed++;
      if (isChosen) stratum.decided++;
      if (isChosen && isUnsafe) stratum.unsafe++;
    }
    const found = prevalenceOf(now, strata)!;
    const contains = ({ low, high }: { low: number; high: number }, value: number) => low <= value && value <= high;
    if (contains(found.prevalence, violations / EXPOSED)) prevalences++;
    if (found.flagRecall && contains(found.flagRecall, now.confirmedFlagged / violations)) recalls++;
  }
  expect(prevalences / POPULATIONS).toBeGreaterThanOrEqual(0.93);
  expect(recalls / POPULATIONS).toBeGreaterThanOrEqual(0.93);
});
