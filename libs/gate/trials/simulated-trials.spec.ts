import { describe, expect, it } from '@jest/globals';
import { priorOfLimit } from '../evidence.js';
import { testedLimit } from '../matured-prefix.js';
import { openingBoundary, thresholdOf } from '../opening-boundary.js';
import { seededChance } from './chance.js';
import { BEYOND_THE_CAP, CLUSTERINGS, clusteredTrial, shareOfViolators } from './clustered-trials.js';
import { openingOf } from './crossing.js';
import { lateLabelTrial } from './late-label-trials.js';
import { rampsOf } from './ramp-trials.js';
import { highestShare, medianOf, shareOf } from './share-of-runs.js';

const LIMIT = 0.0005;
const ALPHA = 0.05;
const RUNS = 500;
const MAX_EXPOSURES = 400_000;
const gate = (limit = LIMIT) => ({
  name: 'gate',
  boundary: openingBoundary({ limit, alpha: ALPHA, prior: priorOfLimit(limit) }, MAX_EXPOSURES),
});
const plan = { limit: LIMIT, threshold: thresholdOf(ALPHA), maxExposures: MAX_EXPOSURES, runs: RUNS };

describe('rollouts whose violations cluster by account', () => {
  it.each(CLUSTERINGS)('open wrongly in at most alpha if accounts that violate do so in $name', (clustering) => {
    const { gate: both, accounts } = clusteredTrial(clustering, [gate()], plan, seededChance(1, clustering.name));
    expect(both.share).toBeLessThanOrEqual(highestShare(ALPHA, RUNS));
    expect(accounts.share).toBeLessThanOrEqual(highestShare(ALPHA, RUNS));
    expect(both.share).toBeLessThanOrEqual(accounts.share);
  });

  it('open wrongly far more often by a test that counts exposures as if each were independent', () => {
    const shares = CLUSTERINGS.slice(1).map(
      (clustering) =>
        clusteredTrial(clustering, [gate()], plan, seededChance(1, clustering.name)).atExposureLevel[0]!.share,
    );
    for (const share of shares) expect(share).toBeGreaterThan(0.35);
  });

  it('open wrongly if an account can make more violations than the rule counts, which no rule of accounts can know', () => {
    const { gate: both } = clusteredTrial(BEYOND_THE_CAP, [gate()], plan, seededChance(1, 'cap'));
    expect(both.share).toBeGreaterThan(0.5);
  });

  it.each([...CLUSTERINGS, BEYOND_THE_CAP])(
    'have the limit as mean rate if accounts that violate do so in $name',
    (one) => {
      const chance = seededChance(1, 'mean');
      const violators = shareOfViolators(one.rates, one.stopsAfter, 0.05);
      let [exposures, violations] = [0, 0];
      const accounts = 40_000;
      for (let account = 0; account < accounts; account++) {
        const rate = chance.happens(violators) ? chance.pick(one.rates) : 0;
        for (let i = 0, found = 0; i < 20 && found < one.stopsAfter; i++) {
          exposures++;
          if (rate === 0 || !chance.happens(rate)) continue;
          found++;
          violations++;
        }
      }
      expect(Math.abs(violations / exposures / 0.05 - 1)).toBeLessThan(0.1);
    },
  );
});

describe('rollouts whose labels are late', () => {
  const late = (delayDays: number, lateShare: number, rate: number) =>
    lateLabelTrial(
      { ...gate(testedLimit(LIMIT, lateShare, 1)), delayDays },
      rate,
      { maxExposures: MAX_EXPOSURES, runs: RUNS },
      seededChance(1, 'late'),
    );

  it('open as often as without any delay once every label has arrived', () => {
    const { share } = late(200, 0, LIMIT * 0.8).opens;
    const { probability } = openingOf(gate().boundary, LIMIT * 0.8);
    expect(Math.abs(share - probability)).toBeLessThan(3 * Math.sqrt((probability * (1 - probability)) / RUNS));
  });

  it.each([
    [9, 0.05],
    [13.8, 0.01],
  ])('open wrongly in at most alpha with a delay of %d days and a late share of %d', (delayDays, lateShare) => {
    expect(late(delayDays, lateShare, LIMIT).opens.share).toBeLessThanOrEqual(highestShare(ALPHA, RUNS));
    const { opens, medianDay } = late(delayDays, lateShare, LIMIT / 5);
    expect(opens.share).toBe(1);
    expect(medianDay! - delayDays).toBeGreaterThan(0.8);
    expect(medianDay! - delayDays).toBeLessThan(1.9);
  });

  it('open wrongly if the delay is ignored or too short', () => {
    expect(late(0, 0, LIMIT).opens.share).toBeGreaterThan(0.88);
    expect(late(3, 0, LIMIT).opens.share).toBeGreaterThan(0.25);
  });
});

describe('ramps', () => {
  const ramps = rampsOf([1, 2, 20], { limit: 0.005, alpha: ALPHA, stageExposures: 20_000 });

  it('open wrongly in at most alpha, however many stages they have', () => {
    for (const { falseOpens } of ramps) {
      expect(falseOpens.spending).toBeLessThanOrEqual(ALPHA);
      expect(falseOpens.planned).toBeLessThanOrEqual(ALPHA);
    }
    expect(ramps.map(({ falseOpens }) => falseOpens.spending)).toEqual(
      [...ramps.map(({ falseOpens }) => falseOpens.spending)].sort((a, b) => a - b),
    );
  });

  it('open wrongly in at most alpha by a group-sequential bound only if its stages share alpha', () => {
    for (const { falseOpens } of ramps) expect(falseOpens.lanDeMetsPlanned).toBeLessThanOrEqual(ALPHA);
    const [one, two, twenty] = ramps.map(({ falseOpens }) => falseOpens.lanDeMets) as [number, number, number];
    expect(one).toBeLessThanOrEqual(ALPHA);
    expect(two).toBeCloseTo(1 - (1 - one) ** 2, 12);
    expect(twenty).toBeGreaterThan(0.5);
  });

  it('open wrongly more and more often if each stage may spend all of alpha', () => {
    const [one, two, twenty] = ramps.map(({ falseOpens }) => falseOpens.withoutSpending) as [number, number, number];
    expect(two).toBeCloseTo(1 - (1 - one) ** 2, 12);
    expect(twenty).toBeGreaterThan(0.5);
  });
});

it('knows how far a share of runs may be from its probability', () => {
  expect(shareOf(100, 400)).toEqual({ share: 0.25, standardError: Math.sqrt((0.25 * 0.75) / 400) });
  expect(highestShare(0.05, 4_000)).toBeCloseTo(0.06034, 5);
});

it('counts runs that never end as later than any in the median', () => {
  expect(medianOf([5, 1, 3], 5)).toBe(5);
  expect(medianOf([5, 1, 3], 3)).toBe(3);
  expect(medianOf([5, 1], 5)).toBeNull();
  expect(medianOf([], 0)).toBeNull();
});

describe('the random numbers', () => {
  it('are the same for the same seed and name, and others for another', () => {
    const draws = (seed: number, name: string) => Array.from({ length: 5 }, seededChance(seed, name).next);
    expect(draws(1, 'a')).toEqual(draws(1, 'a'));
    expect(draws(1, 'a')).not.toEqual(draws(2, 'a'));
    expect(draws(1, 'a')).not.toEqual(draws(1, 'b'));
  });

  it('have the means of their distributions', () => {
    const chance = seededChance(1, 'means');
    const mean = (draw: () => number) =>
      Array.from({ length: 100_000 }, draw).reduce((sum, one) => sum + one, 0) / 100_000;
    expect(mean(chance.next)).toBeCloseTo(0.5, 2);
    expect(mean(() => chance.exponential(3)) / 3).toBeCloseTo(1, 1);
    expect(mean(() => chance.failures(Math.log1p(-0.02))) / 49).toBeCloseTo(1, 1);
    expect(mean(() => Number(chance.happens(0.3)))).toBeCloseTo(0.3, 2);
    expect(mean(() => chance.pick([1, 2, 3, 4]))).toBeCloseTo(2.5, 1);
    expect(Math.min(...Array.from({ length: 100_000 }, chance.next))).toBeGreaterThan(0);
  });
});
