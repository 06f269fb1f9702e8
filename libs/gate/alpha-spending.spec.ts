import { expect, it } from '@jest/globals';
import { alphaOfPlannedStage, alphaOfStage, harmThreshold } from './alpha-spending.js';

it('spends alpha over any number of stages and never more', () => {
  let spent = 0;
  for (let stage = 1; stage <= 100_000; stage++) spent += alphaOfStage(0.05, stage);
  expect(spent).toBeLessThan(0.05);
  expect(spent).toBeGreaterThan(0.04999);
  expect(alphaOfStage(0.05, 1)).toBe(0.025);
  expect(alphaOfStage(0.05, 2)).toBeCloseTo(0.05 / 6, 15);
});

it('spends alpha evenly over a plan, and nothing after it', () => {
  expect([1, 2, 3, 4, 5].map((stage) => alphaOfPlannedStage(0.05, stage, 4))).toEqual([
    0.0125, 0.0125, 0.0125, 0.0125, 0,
  ]);
});

it('requires more evidence of harm of each further cohort, so that false alarms add up to alpha', () => {
  expect([1, 2, 365].map((cohort) => Math.round(harmThreshold(0.05, cohort)))).toEqual([40, 120, 2_671_800]);
  let alarms = 0;
  for (let cohort = 1; cohort <= 10_000; cohort++) alarms += 1 / harmThreshold(0.05, cohort);
  expect(alarms).toBeLessThan(0.05);
});

it.each([0, -1, 1.5, Number.NaN])('refuses %d as the number of a stage', (stage) => {
  expect(() => alphaOfStage(0.05, stage)).toThrow(/count from 1/);
  expect(() => harmThreshold(0.05, stage)).toThrow(/count from 1/);
  expect(() => alphaOfPlannedStage(0.05, stage, 4)).toThrow(/count from 1/);
  expect(() => alphaOfPlannedStage(0.05, 1, stage)).toThrow(/count from 1/);
});
