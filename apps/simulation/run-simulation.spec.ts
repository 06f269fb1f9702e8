import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../libs/kernel/clock.js';
import { playSmall } from '../../test/support/small-simulation.js';
import type { Scenario } from './scenario.js';
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

  it('begins phases by two operators: whom they name come in, and nobody does what they restrict', async () => {
    const phases: Scenario['phases'] = [
      { day: 1, phase: 'weekly', classes: ['general'], restrictions: ['share'], ceiling: 1000 },
      { day: 4, phase: 'weekly' },
    ];
    const { log } = await playSmall({ ...badCohort, days: 6, stepHours: 12, phases });
    const events = log.map((line) => JSON.parse(line));
    const ofType = (name: string) => events.filter(({ type }) => type === name);
    const classes = new Map(ofType('WaitlistJoined').map(({ data }) => [data.accountId, data.class]));
    const second = Date.parse(badCohort.startsAt) + 3 * DAY_MS;
    const onboarded = ofType('AccountOnboarded').map(({ data, time }) => [
      Date.parse(time) <= second,
      classes.get(data.accountId),
    ]);
    const onboardedIn = (isFirst: boolean) => onboarded.flatMap(([is, name]) => (is === isFirst ? [name] : []));
    expect(onboardedIn(true).length).toBeGreaterThan(20);
    expect(new Set(onboardedIn(true))).toEqual(new Set(['general']));
    // The plan of the scenario has artists come first.
    expect(onboardedIn(false)).toContain('artists');
    const shared = ofType('ImageShared').map(({ time }) => Date.parse(time));
    expect(Math.min(...shared)).toBeGreaterThan(second);
    expect(ofType('ImageDownloaded').some(({ time }) => Date.parse(time) < second)).toBe(true);
    expect(ofType('RolloutPhaseSet').map(({ data }) => [data.by, data.approvedBy])).toEqual([
      ['operator', 'approver'],
      ['operator', 'approver'],
    ]);
  });
});
