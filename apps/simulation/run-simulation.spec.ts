import { describe, expect, it } from '@jest/globals';
import { playSmall } from '../../test/support/small-simulation.js';
import { badCohort } from './scenarios.js';

describe('a simulated rollout', () => {
  it('stores the same for the same seed, and something else for another', async () => {
    const scenario = { ...badCohort, days: 3, stepHours: 12 as const };
    const [one, same, other] = [
      await playSmall(scenario),
      await playSmall(scenario),
      await playSmall(scenario, { seed: 2 }),
    ];
    expect(same).toEqual(one);
    expect(other.log).not.toEqual(one.log);
    expect(one.log.filter((line) => line.includes('"ContentFlagged"')).length).toBeGreaterThan(0);
  });
});
