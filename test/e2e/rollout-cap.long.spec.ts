import { afterEach, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { schedulesOf } from '../../apps/composition/workers.js';
import { DAY_MS, WEEK_MS } from '../../libs/kernel/clock.js';
import { caughtUp } from '../support/caught-up.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { expectOnboardingInvariants } from '../support/onboarding-invariants.js';
import { wholeLog } from '../support/whole-log.js';

const START = Date.parse('2022-05-18T09:00:00Z');

let now: number;
let gatehouse: TestGatehouse;
let operator: Client;
let service: Client;
let joined: { accountId: string; priority: number }[];

beforeEach(async () => {
  now = START;
  joined = [];
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    background: true,
    env: { GATEHOUSE_SCHEDULER: 'off' },
  });
  operator = await gatehouse.as('olga', 'operator');
  service = await gatehouse.as('web-site', 'service');
});
afterEach(() => gatehouse.close());

async function peopleJoin(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const priority = joined.length % 3;
    const { body } = await service.post('/v1/waitlist', { email: `p${joined.length}@example.org`, priority });
    joined.push({ accountId: body.accountId, priority });
  }
}

const log = (...types: string[]) => wholeLog(gatehouse.runtime.store, types);

/** The invariants of any log; and the onboarded people are the first of each class, since nobody leaves here. */
async function expectInOrder(): Promise<string[]> {
  expectOnboardingInvariants(await log());
  const members = (await log('CohortOnboarded')).flatMap(({ data }) => data.accounts as string[]);
  for (const priority of [0, 1, 2]) {
    const line = joined.filter((one) => one.priority === priority).map(({ accountId }) => accountId);
    const taken = members.filter((accountId) => line.includes(accountId));
    expect(taken).toEqual(line.slice(0, taken.length));
  }
  return members;
}

it('keeps the rate for any number of concurrent admissions, and onboards each person once and in turn', async () => {
  await peopleJoin(60);
  await operator.put('/v1/rollout/rate', { perWeek: 25, reason: 'a test', confirm: 25 });
  await caughtUp(operator);
  const answers = await Promise.all(Array.from({ length: 40 }, () => operator.post('/v1/cohorts', { size: 3 })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202, 409]));
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(8);
  await caughtUp(operator);
  expect(await expectInOrder()).toHaveLength(24);
  // All of class 0, then the first of class 1.
  expect((await operator.get('/v1/rollout')).body).toMatchObject({ available: 1, waiting: 36 });
});

it('admits a cohort once for any number of concurrent identical admissions', async () => {
  await peopleJoin(9);
  await operator.put('/v1/rollout/rate', { perWeek: 9, reason: 'a test', confirm: 9 });
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => operator.post('/v1/cohorts', { size: 4, cohortId: 'one' })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set(answers.map(({ body }) => body.position)).size).toBe(1);
  await caughtUp(operator);
  expect(await expectInOrder()).toHaveLength(4);
});

it('keeps the rate whatever operators and the clock do', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('admit' as const),
      sizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
    }),
    fc.record({ kind: fc.constant('clock' as const), by: fc.constantFrom(-3_600_000, 1, DAY_MS, 3 * DAY_MS, WEEK_MS) }),
    fc.record({ kind: fc.constant('rate' as const), perWeek: fc.integer({ min: 0, max: 12 }) }),
    fc.record({ kind: fc.constant('join' as const), people: fc.integer({ min: 1, max: 6 }) }),
  );
  await operator.put('/v1/rollout/rate', { perWeek: 8, reason: 'a test', confirm: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 10, size: 'max' }), async (steps) => {
      for (const one of steps) {
        if (one.kind === 'clock') now += one.by;
        else if (one.kind === 'rate')
          await operator.put('/v1/rollout/rate', { perWeek: one.perWeek, reason: 'a test', confirm: one.perWeek });
        else if (one.kind === 'join') await peopleJoin(one.people);
        else {
          const answers = await Promise.all(one.sizes.map((size) => operator.post('/v1/cohorts', { size })));
          for (const { status } of answers) expect([202, 409]).toContain(status);
          await caughtUp(operator);
        }
      }
      await caughtUp(operator);
      await expectInOrder();
    }),
    { numRuns: 6 },
  );
});

it('admits a seventh of the rate a day by schedule, once a day for any number of schedulers, within the rate left', async () => {
  await peopleJoin(40);
  await operator.put('/v1/rollout/rate', { perWeek: 14, daily: true, reason: 'a test', confirm: 14 });
  const beside = await gatehouse.beside();
  const schedulers = [gatehouse.runtime, beside.runtime].flatMap(schedulesOf);
  const tick = async () => {
    await caughtUp(operator);
    await Promise.all([...schedulers, ...schedulers].map((scheduler) => scheduler.tick()));
    await caughtUp(operator);
  };
  for (let day = 0; day < 9; day++) {
    await tick();
    await tick();
    now += DAY_MS;
  }
  expect((await log('CohortAdmitted')).map(({ data }) => data.size)).toEqual(new Array(9).fill(2));
  await operator.post('/v1/rollout/pause', { reason: 'holiday' });
  await tick();
  await operator.post('/v1/rollout/resume');
  await operator.post('/v1/cohorts', { size: 1 });
  await tick();
  expect((await log('CohortAdmitted')).map(({ data }) => data.size).slice(9)).toEqual([1, 1]);
  await expectInOrder();
  await beside.close();
});
