import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { onVirtualClock, VirtualClock } from '../../libs/event-store/postgres/virtual-clock.js';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import { GateWatch } from '../../libs/rollout/index.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { createTestDatabase } from '../support/test-database.js';

const START = Date.parse('2022-05-18T09:00:00Z');
/** Of the process and of what is stored, so that evidence becomes old enough. */
let clock: VirtualClock;
let pool: pg.Pool;
let gatehouse: TestGatehouse;
let service: Client;
let olga: Client;
let omar: Client;
let cli: ReturnType<typeof commandLineFor>;

beforeAll(async () => {
  const database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
  clock = await VirtualClock.begin(pool, START);
  gatehouse = await startGatehouse({
    clock,
    database: { ...database, connection: onVirtualClock(database.connection) },
    env: { GATEHOUSE_RATE_PER_WEEK_ALONE: '20' },
  });
  service = await gatehouse.as('images', 'service');
  olga = await gatehouse.as('olga', 'operator');
  omar = await gatehouse.as('omar', 'operator');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
});
afterAll(async () => {
  await pool.end();
  await gatehouse.close();
});

/** It waits until the views have what is stored, so they follow. */
const tick = (...others: GateWatch[]) =>
  gatehouse.projecting(() => Promise.all([gatehouse.app.get(GateWatch), ...others].map((watch) => watch.tick())));
const ramp = async () => (await olga.get('/v1/rollout')).body.ramp;
const rates = async () => {
  const { items } = (await olga.get('/v1/rollout/history?limit=100')).body;
  return items.filter(({ type }: { type: string }) => type === 'OnboardingRateSet');
};

async function send(events: [type: string, data: Record<string, unknown>][]) {
  const time = toIso(clock.now());
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  const body = events.map(([type, data]) => cloudEvent(type, data, { time }));
  expect((await service.post('/v1/events', body, headers)).status).toBe(202);
  await gatehouse.settle();
}

it('says what the next step needs', async () => {
  expect((await olga.put('/v1/rollout/rate', { perWeek: 10 })).status).toBe(200);
  const parameters = { ...{ labelDelayDays: 0, lateShare: 0, accountDays: 1, accountCap: 1 }, alpha: 0.3 };
  expect((await olga.put('/v1/gate/limit', { limit: 0.2, reason: 'a test' })).status).toBe(200);
  expect((await olga.put('/v1/gate/parameters', { ...parameters, reason: 'a test' })).status).toBe(200);
  const steps = [
    { perWeek: 15, afterDays: 0, exposures: 200, mode: 'automatic' },
    { perWeek: 30, afterDays: 1, mode: 'confirmed' },
  ];
  expect((await olga.put('/v1/rollout/ramp', { steps, reason: 'as planned' })).status).toBe(200);
  await gatehouse.settle();
  expect((await ramp()).next).toMatchObject({ perWeek: 15, needs: ['exposures', 'gate', 'traffic'] });
  expect((await olga.get('/v1/rollout')).body.words.join(' ')).toMatch(
    /the next step is 15 people a week, when 200 exposures count in this stage, the gate supports it and images are exposed again\./,
  );
});

it('makes a step by the evidence in the store, once, also if two processes look', async () => {
  const accounts: string[] = [];
  for (let n = 0; n < 5; n++) {
    accounts.push((await service.post('/v1/waitlist', { email: `c-${n}@example.org` })).body.accountId);
  }
  await gatehouse.settle();
  expect((await olga.post('/v1/cohorts', { size: 5, cohortId: 'c-1' })).status).toBe(202);
  await gatehouse.settle();
  const images = accounts.flatMap((accountId, n) => Array.from({ length: 60 }, (_, i) => [`i-${n}-${i}`, accountId]));
  await send(images.map(([imageId, accountId]) => ['ImageGenerated', { imageId, accountId }]));
  await send(images.map(([imageId]) => ['ImageDownloaded', { imageId }]));
  await send([
    ['ContentFlagged', { imageId: 'i-0-0', flaggedBy: 'somebody', flaggerKind: 'user', categories: ['violent'] }],
  ]);
  await judge(await gatehouse.as('rita', 'reviewer'), 'i-0-0', 'safe');
  await gatehouse.settle();
  await clock.moveTo(START + 9 * DAY_MS);
  await send([['ImageGenerated', { imageId: 'new', accountId: accounts[0] }]]);
  await send([['ImageDownloaded', { imageId: 'new' }]]);
  await tick();
  expect([await rates(), (await ramp()).next.needs, (await olga.get('/v1/gate')).body]).toMatchObject([
    [{}],
    [],
    { outcome: 'expand', reasons: [] },
  ]);
  const beside = await gatehouse.beside();
  try {
    await tick(beside.app.get(GateWatch));
  } finally {
    await beside.close();
  }
  const made = await rates();
  expect(made).toHaveLength(2);
  expect(made[0]).toMatchObject({
    ...{ perWeek: 15, by: 'olga', reason: 'as planned', step: 0, actor: { kind: 'process', id: 'gate' } },
    ...{ before: { perWeek: 10 }, after: { perWeek: 15 }, planId: (await ramp()).planId },
  });
  await tick();
  expect(await rates()).toHaveLength(2);
  expect((await ramp()).next).toMatchObject({ perWeek: 30, needs: expect.arrayContaining(['days', 'confirmation']) });
  const scrape = await gatehouse.as('prometheus', 'metrics');
  expect((await scrape.get('/metrics')).body).toMatch(/^gatehouse_rollout_ramp_steps\{state="made"\} 1$/m);
});

it('lets another person confirm a step, and reverts a confirmation and the plan by one command each', async () => {
  const { planId } = await ramp();
  const confirmation = { planId, perWeek: 30 };
  expect((await olga.post('/v1/rollout/ramp/confirmations', confirmation)).status).toBe(409);
  expect((await omar.post('/v1/rollout/ramp/confirmations', confirmation)).status).toBe(200);
  expect((await ramp()).next.needs).not.toContain('confirmation');
  const revert = async () => {
    const [last] = (await olga.get('/v1/rollout/history?limit=1')).body.items;
    return cli.run('rollout', 'revert', last.position, 'reviewers are ill', '--json');
  };
  expect(await revert()).toMatchObject({ code: 0 });
  expect((await ramp()).next.needs).toContain('confirmation');
  const { items } = (await olga.get('/v1/rollout/history?limit=500')).body;
  const plan = items.find(({ type }: { type: string }) => type === 'RampPlanSet');
  expect(plan).toMatchObject({ state: 'in-force', before: { rampPlanId: null }, after: { rampPlanId: planId } });
  expect((await cli.run('rollout', 'revert', plan.position, 'reviewers are ill')).code).toBe(0);
  expect(await ramp()).toBeNull();
  expect(await revert()).toMatchObject({ code: 0 });
  expect(await ramp()).toMatchObject({ made: 0, steps: [{ perWeek: 30, mode: 'confirmed' }] });
  const history = await cli.run('rollout', 'history');
  expect(history.stdout).toMatch(/ramp plan: 15, 30/);
  expect(history.stdout).toMatch(/step 1: set the rate to 15 people a week/);
  expect(history.stdout).toMatch(/withdrew the confirmation of the step to 30, reverts \d+/);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
