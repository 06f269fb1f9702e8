import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { wholeLog } from '../support/whole-log.js';

let ahead = 0;
let gatehouse: TestGatehouse;
let olga: Client;
let omar: Client;
let cli: ReturnType<typeof commandLineFor>;

beforeAll(async () => {
  gatehouse = await startGatehouse({
    clock: { now: () => Date.now() + ahead },
    env: { GATEHOUSE_RATE_PER_WEEK_ALONE: '5000' },
  });
  olga = await gatehouse.as('olga', 'operator');
  omar = await gatehouse.as('omar', 'operator');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

const rollout = async () => {
  const { status, body } = await olga.get('/v1/rollout');
  expect([status, body]).toEqual([200, body]);
  return body;
};

it('sets the rate with a reason, a confirmation and the approval of another person', async () => {
  expect((await olga.put('/v1/rollout/rate', { perWeek: 1000 })).status).toBe(200);
  const raise = { perWeek: 3000, reason: 'reviewers have time' };
  expect((await olga.put('/v1/rollout/rate', { perWeek: 3000 })).body.errors).toMatchObject([{ field: '/reason' }]);
  const refused = await olga.put('/v1/rollout/rate', raise);
  expect([...codeOf(refused), refused.body.confirm]).toEqual([409, 'confirmation-needed', 3000]);
  expect((await olga.put('/v1/rollout/rate', { ...raise, confirm: 3000 })).status).toBe(200);

  const high = { perWeek: 6000, reason: 'the gate supports it' };
  expect(codeOf(await olga.put('/v1/rollout/rate', high))).toEqual([409, 'approval-needed']);
  expect((await olga.post('/v1/rollout/proposals', { changeId: 'r-1', ...high })).status).toBe(200);
  expect((await rollout()).proposals).toMatchObject([{ changeId: 'r-1', perWeek: 6000, by: 'olga', before: 3000 }]);
  expect((await rollout()).words.join(' ')).toContain('olga proposes to set the rate to 6,000 people a week');
  expect(codeOf(await olga.post('/v1/rollout/proposals/r-1/approval', {}))).toEqual([409, 'same-person']);
  const { etag } = await rollout();
  expect((await omar.post('/v1/rollout/proposals/r-1/approval', {}, { 'if-match': '"000000000000-1"' })).status).toBe(
    412,
  );
  expect((await omar.post('/v1/rollout/proposals/r-1/approval', {}, { 'if-match': etag })).status).toBe(200);
  expect(await rollout()).toMatchObject({ perWeek: 6000, proposals: [] });
});

it('lets a planned change take effect by the clock, and lists it until then', async () => {
  const at = toIso(Date.now() + ahead + DAY_MS);
  const plan = { perWeek: 500, reason: 'a holiday', effectiveAt: at };
  expect((await olga.put('/v1/rollout/rate', plan)).status).toBe(200);
  expect((await rollout()).planned).toMatchObject([{ does: 'set-rate', perWeek: 500, by: 'olga', effectiveAt: at }]);
  expect((await rollout()).perWeek).toBe(6000);
  ahead += 2 * DAY_MS;
  await gatehouse.settle();
  // By now the clock of the process may not have ticked: an admission is decided by the lower rate anyway.
  expect((await rollout()).available).toBe(500);
  expect((await omar.put('/v1/rollout/rate', { perWeek: 400, reason: 'fewer still' })).status).toBe(200);
  expect(await rollout()).toMatchObject({ perWeek: 400, planned: [] });
});

it('lists every change with who, why, before and after, and reverts one by one command', async () => {
  const { items } = (await olga.get('/v1/rollout/history?limit=500')).body;
  expect(items.map((one: { type: string; state: string }) => [one.type, one.state])).toEqual([
    ['OnboardingRateSet', 'in-force'],
    ['OnboardingRateSet', 'replaced'],
    ['RolloutChangePlanned', 'took-effect'],
    ['OnboardingRateSet', 'replaced'],
    ['ApprovalGiven', 'recorded'],
    ['RolloutChangeProposed', 'approved'],
    ['OnboardingRateSet', 'replaced'],
    ['OnboardingRateSet', 'replaced'],
  ]);
  expect(items[0]).toMatchObject({
    by: 'omar',
    reason: 'fewer still',
    before: { perWeek: 500 },
    after: { perWeek: 400 },
  });
  expect(items[3]).toMatchObject({ by: 'olga', approvedBy: 'omar', changeId: 'r-1', perWeek: 6000 });
  const page = (await olga.get('/v1/rollout/history?limit=3')).body;
  const rest = (await olga.get(`/v1/rollout/history?limit=500&cursor=${page.nextCursor}`)).body;
  expect([...page.items, ...rest.items]).toEqual(items);

  const undone = await cli.run('rollout', 'revert', items[0].position, 'that was too few');
  expect([undone.code, (await rollout()).perWeek]).toEqual([0, 500]);
  const second = await cli.run('rollout', 'revert', items[1].position, 'back', '--confirm', '6000');
  expect([second.code, second.stderr]).toEqual([5, expect.stringContaining('one person may set')]);
  const propose = ['rollout', 'revert', items[1].position, 'back', '--confirm', '6000', '--propose', 'r-2'];
  expect((await cli.run(...propose)).stdout).toContain('PROPOSED by administrator');
  expect((await omar.delete('/v1/rollout/proposals/r-2?reason=not%20yet')).status).toBe(200);
  expect((await cli.run('rollout', 'history')).stdout).toMatch(/proposed: set the rate to 6,000 .*refused/);
  expect(codeOf(await olga.post('/v1/rollout/changes/0/revert', { reason: 'a test' }))).toEqual([
    404,
    'change-unknown',
  ]);
});

it('makes every change again that was planned, proposed, approved or ended', async () => {
  const at = () => toIso(Date.now() + ahead + DAY_MS);
  expect((await olga.post('/v1/rollout/pause', { reason: 'a test' })).status).toBe(200);
  expect((await olga.post('/v1/rollout/resume', { effectiveAt: at() })).status).toBe(200);
  expect((await olga.post('/v1/rollout/resume', {})).status).toBe(200);
  const ended = (await olga.post('/v1/rollout/pause', { reason: 'reviewers are behind' })).status;
  expect([ended, (await rollout()).planned]).toEqual([200, []]);
  // A planned raise that was confirmed lapses where the rate is lowered before it is due.
  const raise = { perWeek: 450, confirm: 450, reason: 'more reviewers', effectiveAt: at() };
  await olga.put('/v1/rollout/rate', raise);
  await olga.put('/v1/rollout/rate', { perWeek: 100, reason: 'a fault' });
  const planned = { changeId: 'r-9', perWeek: 90, reason: 'less', effectiveAt: toIso(Date.now() + ahead + 2 * DAY_MS) };
  expect((await olga.post('/v1/rollout/proposals', planned)).status).toBe(200);
  expect((await omar.post('/v1/rollout/proposals/r-9/approval', {})).status).toBe(200);
  const { planned: waiting } = await rollout();
  const own = waiting.find((one: { perWeek: number }) => one.perWeek === 90);
  expect((await olga.delete(`/v1/rollout/planned-changes/${own.changeId}?reason=not%20needed`)).status).toBe(200);
  ahead += 2 * DAY_MS;
  await olga.put('/v1/rollout/rate', { perWeek: 80, reason: 'less' });
  const made = await expectDecidedAgain(gatehouse);
  const types = ['RolloutChangePlanned', 'RolloutChangeProposed', 'ApprovalGiven', 'RolloutChangeEnded'];
  expect(types.filter((type) => !made.has(type))).toEqual([]);
  const log = await wholeLog(gatehouse.runtime.store, types);
  expect(log.length).toBe(types.reduce((sum, type) => sum + made.get(type)!, 0));
  const hows = log.flatMap(({ data }) => (data.how === undefined ? [] : [data.how as string]));
  expect([...new Set(hows)].sort()).toEqual(expect.arrayContaining(['cancelled', 'lapsed', 'refused']));
});
