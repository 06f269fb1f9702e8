import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { until } from '../support/until.js';

let gatehouse: TestGatehouse;
let site: Client;
let olga: Client;
let omar: Client;
let cli: ReturnType<typeof commandLineFor>;
/** Joins beyond the ceiling. */
let dora: string;
/** Minutes pass as the spec says; otherwise as they do. */
const clock = { ahead: 0, now: () => Date.now() + clock.ahead };

beforeAll(async () => {
  gatehouse = await startGatehouse({ background: true, clock });
  site = await gatehouse.as('site', 'service');
  olga = await gatehouse.as('olga', 'operator');
  omar = await gatehouse.as('omar', 'operator');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  expect((await olga.put('/v1/rollout/rate', { perWeek: 10 })).status).toBe(200);
});
afterAll(() => gatehouse.close());

const rollout = async () => (await olga.get('/v1/rollout')).body;
const join = async (name: string): Promise<string> =>
  (await site.post('/v1/waitlist', { email: `${name}@example.org` })).body.accountId;
let changes = 0;
async function begin(phase: string, more: Record<string, unknown> = {}): Promise<void> {
  const changeId = `r-${changes++}`;
  const proposal = { changeId, phase, reason: 'a test', ...more };
  expect((await olga.post('/v1/rollout/phase-proposals', proposal)).status).toBe(200);
  expect(codeOf(await olga.post(`/v1/rollout/proposals/${changeId}/approval`, {}))).toEqual([409, 'same-person']);
  expect((await omar.post(`/v1/rollout/proposals/${changeId}/approval`, {})).status).toBe(200);
}

it('is weekly, as ever, until two persons set another', async () => {
  expect((await rollout()).phase).toEqual({
    ...{ phase: 'weekly', ceiling: null, people: 0, classes: null, restrictions: [], suspended: [] },
    entries: ['listed', 'invitation', 'line', 'schedule'],
  });
});

it('admits listed people only in the preview, while joining the line stays possible', async () => {
  await begin('preview', { ceiling: 5 });
  const ada = await join('ada');
  await join('bob');
  expect(codeOf(await olga.post('/v1/cohorts', { size: 1 }))).toEqual([409, 'phase-refuses']);
  expect((await olga.post('/v1/cohorts', { accounts: [ada], cohortId: 'c-1' })).status).toBe(202);
  expect((await rollout()).words.join(' ')).toContain(
    'The phase is preview: people come in by listed cohorts; 1 person came in so far, of 5 at most.',
  );
});

it('shows the restrictions in force with the phase', async () => {
  expect((await olga.put('/v1/switches/join', { reason: 'too many' })).status).toBe(200);
  expect((await olga.put('/v1/switches/share?cohortId=c-1', { reason: 'leaked links' })).status).toBe(200);
  expect((await rollout()).phase.suspended).toMatchObject([
    { action: 'share', cohortId: 'c-1' },
    { action: 'join', cohortId: null, reason: 'too many', until: null },
  ]);
  expect((await cli.run('rate', 'show')).stdout).toMatch(/suspended +share \(c-1\), join/);
  for (const path of ['join?', 'share?cohortId=c-1&'])
    expect((await olga.delete(`/v1/switches/${path}reason=fixed`)).status).toBe(200);
  expect((await rollout()).phase.suspended).toEqual([]);
});

it('refuses cohorts from the line in the phase of invitations', async () => {
  await begin('invitations', { ceiling: 5 });
  expect(codeOf(await olga.post('/v1/cohorts', { size: 1 }))).toEqual([409, 'phase-refuses']);
});

it('admits all who join in open access, up to the ceiling', async () => {
  await begin('open', { ceiling: 3 });
  const carol = await join('carol');
  const statusOf = async (id: string) => (await olga.get(`/v1/accounts/${id}`)).body.status;
  // Others may have come in without her, and less than a hundred come in a minute apart.
  clock.ahead += 60_000;
  await until(async () => (await statusOf(carol)) === 'onboarded');
  dora = await join('dora');
  clock.ahead += 60_000;
  expect((await rollout()).phase).toMatchObject({ phase: 'open', ceiling: 3, people: 3 });
  expect(codeOf(await olga.post('/v1/cohorts', { size: 1 }))).toEqual([409, 'ceiling-reached']);
  const scrape = await gatehouse.as('prometheus', 'metrics');
  const metrics = (await scrape.get('/metrics')).body;
  expect(metrics).toMatch(/^gatehouse_rollout_phase\{phase="open"\} 1$/m);
  expect(metrics).toMatch(/^gatehouse_rollout_people_ceiling 3$/m);
});

it('is shown in the history and on the command line, where one is proposed and reverted', async () => {
  const history = await cli.run('rollout', 'history');
  expect(history.stdout).toMatch(/begin the phase open with at most 3 people in total/);
  const proposed = await cli.run(
    'rollout',
    'propose-phase',
    'weekly',
    'a test',
    '--rate',
    '12',
    '--id',
    'r-w',
    '--json',
  );
  expect(proposed.json().proposals).toMatchObject([{ does: 'set-phase', phase: 'weekly', perWeek: 12, ceiling: null }]);
  expect((await omar.post('/v1/rollout/proposals/r-w/approval', {})).status).toBe(200);
  expect(await rollout()).toMatchObject({ perWeek: 12, phase: { phase: 'weekly', ceiling: null } });
  const { items } = (await olga.get('/v1/rollout/history?limit=500')).body;
  const set = items.find(({ type }: { type: string }) => type === 'RolloutPhaseSet');
  expect(set).toMatchObject({ state: 'in-force', before: { phase: 'open', ceiling: 3 }, by: 'administrator' });
  expect((await cli.run('rollout', 'revert', set.position, 'a test')).stderr).toMatch(/Approval needed/);
  expect((await cli.run('rollout', 'revert', set.position, 'a test', '--propose', 'r-back')).code).toBe(0);
  expect((await rollout()).proposals).toMatchObject([{ changeId: 'r-back', phase: 'open', ceiling: 3 }]);
});

it('has admitted nobody beyond the ceiling since', async () => {
  expect((await olga.get(`/v1/accounts/${dora}`)).body.status).toBe('waiting');
  expect((await rollout()).phase.people).toBe(3);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
