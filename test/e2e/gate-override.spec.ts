import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import { GateWatch } from '../../libs/rollout/index.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

/** The clock is ahead of when events are stored, so that they are old enough. */
const clock = { now: () => Date.now() + DAY_MS };
let gatehouse: TestGatehouse;
let service: Client;
let olga: Client;
let omar: Client;
let rita: Client;
let cli: ReturnType<typeof commandLineFor>;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock });
  service = await gatehouse.as('images', 'service');
  olga = await gatehouse.as('olga', 'operator');
  omar = await gatehouse.as('omar', 'operator');
  rita = await gatehouse.as('rita', 'reviewer');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  await olga.put('/v1/rollout/rate', { perWeek: 10 });
  await olga.put('/v1/gate/parameters', { labelDelayDays: 0, accountDays: 1, silenceDays: 365, reason: 'a test' });
});
afterAll(() => gatehouse.close());

async function send(...events: [type: string, data: Record<string, unknown>][]) {
  for (const [type, data] of events) {
    const event = cloudEvent(type, data, { time: new Date().toISOString() });
    expect((await service.post('/v1/events', event)).status).toBe(202);
  }
  await gatehouse.settle();
}
const flag = (imageId: string): [string, Record<string, unknown>] => [
  'ContentFlagged',
  { imageId, flaggedBy: 'somebody', flaggerKind: 'user', categories: ['violent'] },
];
const admit = (cohortId: string) => olga.post('/v1/cohorts', { size: 1, cohortId });
const override = (overrideId: string, until = toIso(clock.now() + DAY_MS)) => ({
  ...{ overrideId, outcome: 'hold', reason: 'others help out', until },
});
let move = '';

it('stops admissions once a cohort shows harm', async () => {
  const { accountId } = (await service.post('/v1/waitlist', { email: 'ann@example.org' })).body;
  for (const name of ['ben', 'eve', 'max']) await service.post('/v1/waitlist', { email: `${name}@example.org` });
  await gatehouse.settle();
  expect((await admit('c-1')).status).toBe(202);
  await gatehouse.settle();
  const images = ['i-1', 'i-2', 'i-3', 'i-4'];
  for (const imageId of images) {
    await send(['ImageGenerated', { imageId, accountId, model: 'm-1' }], ['ImageShared', { imageId, accountId }]);
    await send(flag(imageId));
  }
  for (const imageId of images) await judge(rita, imageId, 'unsafe');
  await gatehouse.settle();
  const refused = await admit('c-2');
  expect([refused.status, refused.body.reasons]).toEqual([409, expect.arrayContaining(['cohort-harm'])]);
  const { gate, words } = (await olga.get('/v1/rollout')).body;
  expect(gate).toMatchObject({ inForce: 'brake', move: { outcome: 'brake' }, override: null, proposal: null });
  expect(words).toEqual(
    expect.arrayContaining([
      'The rate is 10 people in any seven days.',
      expect.stringMatching(
        /^1 of 10 people counts in this window; 9 more fit into it now, and further ones from \d{4}-/,
      ),
      'Cohorts are admitted by hand.',
      expect.stringMatching(/^The gate has stopped admissions since \d{4}-/),
      expect.stringMatching(/^Why: a cohort has more confirmed violations than the limit explains/),
      expect.stringMatching(/^What would change it: /),
      expect.stringMatching(/^Last change: olga set the rate to 10 people a week on /),
    ]),
  );
  move = gate.move.position;
});

it('is overridden by two persons only, until a time, and says so everywhere', async () => {
  expect((await olga.post('/v1/gate/overrides', override('o-1', toIso(clock.now())))).status).toBe(400);
  expect((await rita.post('/v1/gate/overrides', override('o-1'))).status).toBe(403);
  expect((await olga.post('/v1/gate/overrides', override('o-1'))).status).toBe(200);
  expect((await admit('c-2')).status).toBe(409);
  const shown = await cli.run('gate', 'show');
  expect(shown.stdout).toMatch(
    /^olga proposes hold .* gatehouse gate approve o-1\nBRAKE: nobody is admitted, because a cohort/,
  );
  const own = await olga.post('/v1/gate/overrides/o-1/approval');
  expect([own.status, own.body.type]).toEqual([409, expect.stringMatching(/same-person$/)]);
  expect((await omar.post('/v1/gate/overrides/o-2/approval')).status).toBe(404);
  expect((await omar.post('/v1/gate/overrides/o-1/approval')).status).toBe(200);
  expect((await omar.post('/v1/gate/overrides/o-1/approval')).status).toBe(200);
  expect((await admit('c-2')).status).toBe(202);
  await gatehouse.settle();
  const header =
    /^OVERRIDE until \d{4}-.* UTC: hold instead of what the gate decides \(others help out; proposed by olga, approved by omar\)\./;
  for (const command of [
    ['gate', 'show'],
    ['rate', 'show'],
    ['rollout', 'status'],
  ]) {
    expect((await cli.run(...command)).stdout).toMatch(header);
  }
  expect((await olga.get('/v1/gate')).body).toMatchObject({
    ...{ outcome: 'brake', inForce: 'hold', isHarmKnown: true },
    override: { overrideId: 'o-1', proposedBy: 'olga', approvedBy: 'omar' },
  });
  const metrics = (await gatehouse.administrator.get('/metrics')).body;
  expect(metrics).toMatch(/^gatehouse_gate_state\{state="hold"\} 1$/m);
  expect(metrics).toMatch(/^gatehouse_gate_override_seconds [1-9]/m);
  expect(metrics).toMatch(/^gatehouse_gate_violation_rate_bound\{bound="high"\} 1$/m);
});

it('brakes again once the override is ended', async () => {
  expect((await cli.run('gate', 'end-override', 'a test')).stdout).toMatch(/^BRAKE/);
  expect((await admit('c-3')).status).toBe(409);
  const proposed = await cli.run(
    'gate',
    'override',
    'a test',
    '--to',
    'expand',
    '--until',
    toIso(clock.now() + 2 * DAY_MS),
    '--id',
    'o-3',
    '--json',
  );
  expect(proposed.json()).toMatchObject({
    proposal: { overrideId: 'o-3', outcome: 'expand', proposedBy: 'administrator' },
  });
  expect((await cli.run('gate', 'approve', 'o-3')).code).toBe(5);
});

it('explains the move from the log', async () => {
  const explained = await cli.run('gate', 'explain', move, '--json');
  expect(explained).toMatchObject({ code: 0 });
  expect(explained.json()).toMatchObject({
    ...{ agrees: true, differences: [], move },
    decided: { outcome: 'brake', cohorts: [{ cohortId: 'c-1', exposures: 4, confirmed: 4, isHarm: true }] },
    recomputed: { cohorts: [{ cohortId: 'c-1', exposures: 4, confirmed: 4, isHarm: true }] },
  });
  expect((await cli.run('gate', 'explain', move)).stdout).toMatch(/The recomputation from the log agrees\./);
  expect((await cli.run('gate', 'explain', '1')).code).toBe(6);
});

it('shows in the history of the rollout what the move counted in views, counted again', async () => {
  const { body } = await gatehouse.administrator.get('/v1/audit/history/rollout?explain=true&limit=1000');
  const { data, explanation } = body.events.find(({ position }: { position: string }) => position === move);
  const countedTo = String(data.position);
  expect(explanation.rules).toContainEqual({
    ...{ rule: 'counts-as-in-the-log', outcome: 'holds', detail: `up to ${countedTo}` },
  });
  for (const [path, value] of [
    ['/exposures/confirmed', data.exposures.confirmed],
    ['/figures/activePeople', data.figures.activePeople],
    ['/figures/decided', data.figures.decided],
    ['/cohorts', data.cohorts],
  ])
    expect(explanation.restedOn).toContainEqual({ of: 'views', path, value, countedTo });
  const { stdout } = await cli.run('audit', 'rollout', '--explain');
  expect(stdout).toContain(
    `counted /exposures/confirmed up to ${countedTo}: ${data.exposures.confirmed} (as recorded)`,
  );
});

it('shows what changed, who and why, with the figures of each stage by model', async () => {
  await send(['ImageGenerated', { imageId: 'i-5', accountId: 'somebody', model: 'm-2' }]);
  await send(['ImageDownloaded', { imageId: 'i-5' }]);
  expect((await cli.run('gate', 'detector-changed', 'nudity 2', 'it missed drawings')).code).toBe(0);
  await gatehouse.projecting(() => gatehouse.app.get(GateWatch).tick());
  const { stages, moves, before } = (await olga.get('/v1/rollout/timeline')).body;
  expect(before).toEqual([]);
  expect(stages).toMatchObject([
    { ordinal: 1, cause: 'rate-raised', by: { id: 'olga' }, figures: [] },
    {
      ...{ ordinal: 2, cause: 'parameters-set', reason: 'a test' },
      figures: [{ model: 'm-1', exposures: 4, pending: 0, confirmed: 4, high: 1, highIfPending: 1 }],
    },
    {
      ordinal: 3,
      cause: 'model-changed',
      what: 'm-2',
      figures: [{ model: 'm-2', exposures: 1, confirmed: 0, low: 0 }],
    },
    { ordinal: 4, cause: 'detector-changed', what: 'nudity 2', by: { id: 'administrator' }, figures: [] },
  ]);
  expect(moves.map(({ outcome, stage }: { outcome: string; stage: number }) => [outcome, stage])).toEqual([
    ['brake', 2],
    ['hold', 4],
  ]);
  const { stdout } = await cli.run('rollout', 'timeline');
  expect(stdout).toMatch(/another detector +nudity 2 +it missed drawings +user:administrator/);
  expect(stdout).toMatch(/AT MOST, IF ALL THAT WAIT ARE/);
});

it('draws the confidence sequence against the limit', async () => {
  const accountId = 'somebody';
  await send(
    ...Array.from({ length: 30 }, (_, n): [string, Record<string, unknown>] => [
      'ImageShared',
      { imageId: `s-${n}`, accountId },
    ]),
  );
  const { points, limit } = (await olga.get('/v1/gate/series')).body;
  expect(points).toEqual([expect.objectContaining({ exposures: 30, pending: 0, confirmed: 0, lower: 0 })]);
  expect(points[0].upper).toBeGreaterThan(limit);
  const { stdout } = await cli.run('rollout', 'status', '--chart');
  expect(stdout).toMatch(/┬/);
  expect(stdout).toMatch(
    /Violation rate of the stage: at most [\d.]+% if every flag that waits is a violation, limit 0\.0142%\./,
  );
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
