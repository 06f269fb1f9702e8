import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { type OnboardingWorld, onboardingWorld } from '../../../test/support/onboarding-world.js';
import { DAY_MS } from '../../kernel/clock.js';
import { LockSession } from '../../subscriptions/lock-session.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import type { RolloutEvent } from '../events.js';
import { GateMoved } from '../move-events.js';
import { pauseOnboarding, rolloutStream } from '../rollout.js';
import { type CohortScheduler, SCHEDULER } from './scheduler.js';

const HOUR_MS = DAY_MS / 24;
let world: OnboardingWorld;

beforeEach(async () => {
  world = await onboardingWorld();
  await world.join(...Array.from({ length: 20 }, (_, n) => `p${n}`));
});
afterEach(() => world.close());

/** Runs the schedule, then onboards the admitted people. */
async function tick(): Promise<void> {
  await world.scheduler().tick();
  await world.reactor.processAll();
}
const cohorts = async () => (await world.log('CohortAdmitted')).map(({ data }) => `${data.cohortId}: ${data.size}`);

it('admits a seventh of the rate every day, rounded up, until the rate is spent', async () => {
  await world.setRate(10, true);
  for (let day = 0; day < 8; day++) {
    await tick();
    await tick();
    world.clock.time += DAY_MS;
  }
  // Ten people fill five days; on the eighth, the first day's people are out of the window.
  expect(await cohorts()).toEqual([
    'daily-2022-05-18: 2',
    'daily-2022-05-19: 2',
    'daily-2022-05-20: 2',
    'daily-2022-05-21: 2',
    'daily-2022-05-22: 2',
    'daily-2022-05-25: 2',
  ]);
});

it('waits for 24 hours, not for midnight', async () => {
  await world.setRate(70, true);
  world.clock.time = Date.parse('2022-05-18T23:59:00Z');
  await tick();
  world.clock.time += 2 * 60_000;
  await tick();
  expect(await cohorts()).toEqual(['daily-2022-05-18: 10']);
  world.clock.time = Date.parse('2022-05-19T23:59:00Z');
  await tick();
  expect(await cohorts()).toEqual(['daily-2022-05-18: 10', 'daily-2022-05-19: 10']);
});

it('admits no second cohort when the clock goes back', async () => {
  await world.setRate(70, true);
  world.clock.time = Date.parse('2022-05-19T00:10:00Z');
  await tick();
  world.clock.time -= HOUR_MS;
  await tick();
  expect(await cohorts()).toEqual(['daily-2022-05-19: 10']);
});

it('admits at most the waiting people, and nobody without a daily rate or while onboarding is paused', async () => {
  await tick();
  await world.setRate(700);
  await tick();
  expect(await cohorts()).toEqual([]);
  await world.setRate(700, true);
  const context = { actor: { kind: 'user', id: 'olga' } as const, correlationid: 'spec' };
  const transactor = world.transactorOn(world.store);
  await transactor.transact(rolloutStream, undefined, context, (state) => pauseOnboarding(state, 'spec'));
  await tick();
  expect(await cohorts()).toEqual([]);
  await transactor.transact(rolloutStream, undefined, context, () => [{ type: 'OnboardingResumed', data: {} }]);
  await tick();
  expect(await cohorts()).toEqual(['daily-2022-05-18: 20']);
});

it('admits no empty cohort for hold-outs, so that the day’s places are left for who comes later', async () => {
  await world.setRate(70, true);
  await world.classify('hold-out', ...Array.from({ length: 20 }, (_, n) => `p${n}`));
  await tick();
  expect(await cohorts()).toEqual([]);
  await world.join('later');
  await tick();
  expect(await cohorts()).toEqual(['daily-2022-05-18: 1']);
});

it('admits one cohort when several schedulers run at once, whatever an operator admitted', async () => {
  await world.setRate(70, true);
  await world.admit({ cohortId: 'by-hand', size: 1 });
  await world.reactor.processAll();
  await Promise.all([1, 2, 3].map(() => world.scheduler().tick()));
  expect(await cohorts()).toEqual(['by-hand: 1', 'daily-2022-05-18: 10']);
});

it('admits one cohort when two schedulers run on either side of midnight', async () => {
  await world.setRate(70, true);
  const midnight = Date.parse('2022-05-19T00:00:00Z');
  const [before, after] = [midnight - 1, midnight + 1].map((now) =>
    world.scheduler({
      now: () => now,
    }),
  ) as [CohortScheduler, CohortScheduler];
  await Promise.all([before.tick(), after.tick()]);
  expect(await cohorts()).toHaveLength(1);
});

const everyDay = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

it('admits the slices of the schedule instead, which add up to the rate over every week', async () => {
  await world.setRate(5, true);
  await world.schedule({ timeZone: 'Europe/London', days: everyDay, hours: [9, 15] });
  // Wednesday to Wednesday, every hour: five people in fourteen slices a week.
  for (let n = 0; n < 14 * 24; n++) {
    await world.scheduler().tick();
    if ((await world.log('CohortAdmitted')).length > (await world.log('CohortClosed')).length)
      await world.reactor.processAll();
    world.clock.time += HOUR_MS;
  }
  const admitted = await world.log('CohortAdmitted');
  expect(admitted).toHaveLength(10);
  expect(admitted.map(({ data }) => data.size)).toEqual(Array.from({ length: 10 }, () => 1));
  expect(admitted[0]!.data.cohortId).toBe('slice-2022-05-18T14:00:00.000Z');
  expect(new Set(admitted.map(({ data }) => String(data.cohortId).slice(17, 19)))).toEqual(new Set(['08', '14']));
});

it('admits one slice when several schedulers run at once, and none for an hour that is over', async () => {
  await world.setRate(70);
  await world.schedule({ timeZone: 'UTC', days: everyDay, hours: [9] });
  await Promise.all([1, 2, 3].map(() => world.scheduler().tick()));
  await world.reactor.processAll();
  world.clock.time += DAY_MS + HOUR_MS;
  await tick();
  expect(await cohorts()).toEqual(['slice-2022-05-18T09:00:00.000Z: 10']);
});

it('waits for half an hour until all places of a slice are free, then admits those that are', async () => {
  await world.setRate(14);
  await world.schedule({ timeZone: 'UTC', days: everyDay, hours: [9] });
  world.clock.time += HOUR_MS / 4;
  await world.admit({ cohortId: 'by-hand', size: 13 });
  await world.reactor.processAll();
  await tick();
  expect(await cohorts()).toEqual(['by-hand: 13']);
  world.clock.time += HOUR_MS / 2;
  await tick();
  expect(await cohorts()).toEqual(['by-hand: 13', 'slice-2022-05-18T09:00:00.000Z: 1']);
});

it('admits no slice while onboarding is paused', async () => {
  await world.setRate(70);
  await world.schedule({ timeZone: 'UTC', days: everyDay, hours: [9] });
  const context = { actor: { kind: 'user', id: 'olga' } as const, correlationid: 'spec' };
  const transactor = world.transactorOn(world.store);
  await transactor.transact(rolloutStream, undefined, context, (state) => pauseOnboarding(state, 'spec'));
  await tick();
  expect(await cohorts()).toEqual([]);
});

it('waits while a cohort is being onboarded', async () => {
  await world.setRate(70, true);
  await world.admit({ cohortId: 'by-hand', size: 15 });
  await world.scheduler().tick();
  expect(await cohorts()).toEqual(['by-hand: 15']);
  await world.reactor.processAll();
  await tick();
  expect(await cohorts()).toEqual(['by-hand: 15', 'daily-2022-05-18: 5']);
});

it('continues after a clock that was far ahead', async () => {
  await world.setRate(70, true);
  world.clock.time += 365 * DAY_MS;
  await tick();
  world.clock.time -= 365 * DAY_MS;
  await tick();
  expect(await cohorts()).toEqual(['daily-2023-05-18: 10', 'daily-2022-05-18: 10']);
});

it('ticks in one process at a time and releases its lock when it is stopped', async () => {
  await world.setRate(70, true);
  const other = new LockSession(world.connection);
  const stop = new AbortController();
  const running = world.scheduler().run(stop.signal, world.locks);
  for await (const page of new LogTail(world.store).subscribe(0, { types: ['CohortAdmitted'], signal: stop.signal })) {
    if (page.events.length === 0) continue;
    expect(await other.tryHold(SCHEDULER)).toBeUndefined();
    stop.abort();
  }
  await running;
  expect(await other.tryHold(SCHEDULER)).toBeDefined();
  await other.close();
});

const record = (...events: RolloutEvent[]) =>
  world
    .transactorOn(world.store)
    .transact(rolloutStream, undefined, { actor: { kind: 'user', id: 'olga' }, correlationid: 'spec' }, () => events);
const open = (ceiling?: number): RolloutEvent => ({
  type: 'RolloutPhaseSet',
  data: { phase: 'open', ...(ceiling !== undefined && { ceiling }), before: 'weekly', reason: 'a test' },
});

describe('in open access', () => {
  const people = Array.from({ length: 20 }, (_, n) => `p${n}`);
  const sizes = async () => (await world.log('CohortAdmitted')).map(({ data }) => data.size);

  it('admits all who wait a minute after the last, up to the ceiling, whatever the schedule says', async () => {
    await world.setRate(70, true);
    await world.schedule({ timeZone: 'UTC', days: everyDay, hours: [3] });
    await record(open(22));
    const joined = [[], ['later'], [], ['late', 'too-late'], []];
    for (const accounts of joined) {
      await world.join(...accounts);
      await tick();
      world.clock.time += 60_000;
    }
    expect(await sizes()).toEqual([20, 1, 1]);
  });

  it('lets fewer than a hundred wait for each other for a minute, and admits a hundred at once', async () => {
    await world.setRate(700);
    await record(open());
    await tick();
    for (const [more, ticks] of [
      [1, 29],
      [99, 1],
      [100, 1],
    ] as const) {
      await world.join(...Array.from({ length: more }, (_, n) => `more-${more}-${n}`));
      for (let n = 0; n < ticks; n++) {
        world.clock.time += 2_000;
        await tick();
      }
    }
    expect(await sizes()).toEqual([20, 100, 100]);
    world.clock.time -= 3_600_000;
    await world.join('after-the-clock-went-back');
    await tick();
    expect(await sizes()).toEqual([20, 100, 100, 1]);
  });

  it('admits nobody twice when several schedulers run at once', async () => {
    await world.setRate(70);
    await record(open());
    await Promise.all([0, 1, 2].map((ms) => world.scheduler({ now: () => world.clock.time + ms }).tick()));
    await world.reactor.processAll();
    await Promise.all([3, 4].map((ms) => world.scheduler({ now: () => world.clock.time + ms }).tick()));
    expect(await sizes()).toEqual([20]);
  });

  it('admits nobody while onboarding is paused or the gate brakes, and all who wait once it is resumed', async () => {
    await world.setRate(70);
    await record(open(), { type: 'OnboardingPaused', data: { reason: 'a test' } });
    await tick();
    expect(await sizes()).toEqual([]);
    await record({ type: 'OnboardingResumed', data: {} });
    await tick();
    await record({ type: 'GateMoved', data: { ...GateMoved.example, outcome: 'brake', reasons: ['cohort-harm'] } });
    await world.join('later');
    await tick();
    expect(await sizes()).toEqual([20]);
  });

  it('leaves hold-outs in the line, whom only a listed cohort lets in', async () => {
    await world.setRate(70);
    await record(open());
    await world.classify('hold-out', ...people.slice(0, 3));
    await tick();
    await tick();
    expect(await sizes()).toEqual([17]);
    await world.admit({ cohortId: 'by-name', accounts: ['p0'] });
    await world.reactor.processAll();
    await tick();
    expect(await cohorts()).toEqual([expect.stringMatching(/^open-/), 'by-name: 1']);
  });

  it('admits no empty cohort if the plan lets in only a class without people, and the others if it has a share for them', async () => {
    await world.setRate(70);
    await record(open());
    await world.planClasses('quotas', [
      { class: 'artists', share: 100 },
      { class: 'others', share: 0 },
    ]);
    await tick();
    await tick();
    expect(await sizes()).toEqual([]);
    await world.planClasses('quotas', [
      { class: 'artists', share: 99 },
      { class: 'others', share: 1 },
    ]);
    await tick();
    await tick();
    expect(await sizes()).toEqual([20]);
    expect((await world.log('AccountOnboarded')).length).toBe(20);
  });
});

describe('a tick at which nothing changes', () => {
  /** Of the scheduler alone: what the projector asks beside it now and then is in some ticks only. */
  async function queriesOfTick(): Promise<number> {
    const scheduler = world.scheduler();
    await scheduler.tick();
    await world.reactor.processAll();
    await scheduler.tick();
    world.clock.time += 60_000;
    const counts: number[] = [];
    for (let n = 0; n < 5; n++) {
      const query = jest.spyOn(pg.Client.prototype, 'query');
      try {
        await scheduler.tick();
        counts.push(query.mock.calls.length);
      } finally {
        query.mockRestore();
      }
    }
    return Math.min(...counts);
  }

  it('is one query if nothing is due', async () => {
    await world.setRate(70);
    expect(await queriesOfTick()).toBe(1);
  });

  it('counts the line besides in open access, and asks no gate', async () => {
    await world.setRate(70);
    await record(open());
    expect(await queriesOfTick()).toBe(6);
    expect(await world.log('CohortAdmitted')).toHaveLength(1);
  });
});
