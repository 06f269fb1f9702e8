import { describe, expect, it } from '@jest/globals';
import { MAX_PER_WEEK } from '../../../libs/events/schemas.js';
import { scaledRate } from '../simulated-staff.js';
import { ratesOf, refuseIndistinct, usualRates } from './rates-to-play.js';

it('takes one to six rates that can be set, each once', () => {
  expect(ratesOf(['20', '40', '20'])).toEqual([20, 40]);
  expect(ratesOf([String(MAX_PER_WEEK)])).toEqual([MAX_PER_WEEK]);
  for (const texts of [[], ['0'], ['1.5'], ['x'], [String(MAX_PER_WEEK + 1)], ['1', '2', '3', '4', '5', '6', '7']])
    expect(() => ratesOf(texts)).toThrow(/--rates must be one to 6 integers from 1 to 10000000/);
});

it('takes the rate in force and twice as much by default, and no more than can be set', () => {
  expect(usualRates(1000)).toEqual([1000, 2000]);
  expect(usualRates(0)).toEqual([1, 2]);
  expect(usualRates(6_000_000)).toEqual([6_000_000, MAX_PER_WEEK]);
  expect(usualRates(MAX_PER_WEEK)).toEqual([MAX_PER_WEEK]);
});

describe('rates at a scale', () => {
  it('are refused if they are no rates there, or the same, with the least scale at which they are not', () => {
    expect(() => refuseIndistinct([20, 40], 0.01)).toThrow(/^--scale of 0.01 .*: take 0.05, or other --rates$/);
    expect(() => refuseIndistinct([100, 101], 0.4)).toThrow(/take 0\.4\d+,/);
    expect(() => refuseIndistinct([1], 0.9)).toThrow(/take 1,/);
  });

  it('are played if they differ', () => {
    refuseIndistinct([20, 40], 0.05);
    refuseIndistinct([1, 2, 3], 1);
    refuseIndistinct([1000], 0.001);
  });

  it('differ at the scale that is named, whatever they are', () => {
    for (let first = 1; first < 60; first++)
      for (const rates of [
        [first, first + 1],
        [3 * first, 3 * first + 2, 5 * first + 7],
      ]) {
        let scale = 0.0001;
        try {
          refuseIndistinct(rates, scale);
        } catch (error) {
          scale = Number(/take ([\d.]+),/.exec((error as Error).message)![1]);
        }
        const scaled = rates.map((rate) => scaledRate(rate, scale));
        expect([rates, new Set(scaled).size, Math.min(...rates) * scale >= 1]).toEqual([rates, rates.length, true]);
      }
  });
});
