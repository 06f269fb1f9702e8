import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../libs/kernel/clock.js';
import { playSmall } from '../../test/support/small-simulation.js';
import { atTheLimit, badCohort, beta, phases, preview2022, reviewBacklog } from './scenarios.js';

const missed = ({ checks }: Awaited<ReturnType<typeof playSmall>>) => checks.filter(({ isMet }) => !isMet);

describe('the scenarios', () => {
  it('brakes for a cohort with ten times the rate of the others, and then nobody comes in', async () => {
    const found = await playSmall({ ...badCohort, days: 22 });
    expect(missed(found)).toEqual([]);
    const braked = found.days.findIndex(({ inForce }) => inForce === 'brake');
    expect(new Set(found.days.slice(braked).map(({ people }) => people)).size).toBe(1);
  });

  it('holds while a backlog grows, and brakes once more than three days of work wait', async () => {
    const found = await playSmall({ ...reviewBacklog, days: 18 });
    expect(missed(found)).toEqual([]);
    const braked = found.days.find(({ inForce }) => inForce === 'brake')!;
    expect(braked.backlog).toBeGreaterThan(3 * braked.supplyPerDay!);
    const before = found.days[braked.day - 2]!;
    expect(before.backlog).toBeLessThanOrEqual(3 * (before.supplyPerDay ?? Number.POSITIVE_INFINITY));
  });

  it('supports no raise at the limit', async () => {
    expect(missed(await playSmall({ ...atTheLimit, days: 30 }))).toEqual([]);
  });

  it('lands in the bands of the published preview, at a two-hundredth of its size', async () => {
    const found = await playSmall(preview2022, { scale: 0.005 });
    expect(missed(found)).toEqual([]);
    expect(Math.abs(found.days.at(-1)!.images / 15_000 - 1)).toBeLessThan(0.05);
    expect(found.mostPerWeek).toBe(5);
  });

  it('lets in trusted people, then the invited, then a part each day, then who joins, up to the ceiling of each phase', async () => {
    const { days, log, ...found } = await playSmall(phases);
    expect(missed({ days, log, ...found })).toEqual([]);
    const at = (day: number) => days[day - 1]!.people;
    expect([at(7), at(14), at(28)]).toEqual([20, 60, 150]);
    expect(at(21)).toBeGreaterThan(60);
    const events = log.map((line) => JSON.parse(line));
    const ofType = (name: string) => events.filter(({ type }) => type === name);
    const classOf = new Map(ofType('WaitlistJoined').map(({ data }) => [data.accountId, data.class]));
    const second = Date.parse(phases.startsAt) + 7 * DAY_MS;
    const early = ofType('AccountOnboarded').filter(({ time }) => Date.parse(time) <= second);
    expect(new Set(early.map(({ data }) => classOf.get(data.accountId)))).toEqual(new Set(['testers']));
    expect(Math.min(...ofType('ImageShared').map(({ time }) => Date.parse(time)))).toBeGreaterThan(second);
    expect(ofType('InvitationAccepted').length).toBeGreaterThanOrEqual(40);
  });

  it('invites the same people for the same seed', async () => {
    const [one, same] = [await playSmall({ ...phases, days: 11 }), await playSmall({ ...phases, days: 11 })];
    expect(one.log.some((line) => line.includes('"InvitationAccepted"'))).toBe(true);
    expect(same.log).toEqual(one.log);
  });

  it('plays the first days of a beta at a small scale, too early for a raise', async () => {
    const expects = { ...beta.expects, expands: false };
    expect(missed(await playSmall({ ...beta, days: 14, expects }, { scale: 0.0005 }))).toEqual([]);
  });

  it('raises the rate once the gate supports it, and lets nobody in beyond the rate then in force', async () => {
    const [people] = atTheLimit.people;
    const found = await playSmall({
      ...atTheLimit,
      people: [{ ...people!, violationRate: people!.violationRate / 10 }],
      ...{ days: 42, raises: [140] },
      arrivals: { atStart: 500, perWeek: 0 },
      expects: { brakes: false, expands: true, withinRate: true },
    });
    expect(missed(found)).toEqual([]);
    expect(found.rates.map(({ perWeek }) => perWeek)).toEqual([70, 140]);
    expect(found.mostPerWeek).toBeGreaterThan(70);
  });
});
