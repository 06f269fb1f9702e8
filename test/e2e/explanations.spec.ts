import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { catalogue } from '../../apps/composition/catalogue.js';
import { Explanations } from '../../libs/history/queries/explain-event.js';
import { cliFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { until } from '../support/until.js';
import { wholeLog } from '../support/whole-log.js';

const ACCOUNTS = 3;
const STEPS = 40;

let gatehouse: TestGatehouse;
let compliance: Client;
let service: Client;
let images = 0;

const clause = fc.constantFrom('violent', 'hate', 'spam');
const days = fc.integer({ min: 1, max: 30 });
const measure = fc.oneof(
  fc.constant({ measure: 'strike' }),
  fc.constant({ measure: 'deactivate' }),
  days.map((one) => ({ measure: 'restrict', action: 'share', days: one })),
  days.map((one) => ({ measure: 'suspend', days: one })),
);
const steps = fc
  .array(measure, { minLength: 1, maxLength: 3 })
  .map((all) => all.map((one, n) => ({ strikes: 2 * n + 1, ...one })));
const entries = fc
  .tuple(fc.subarray(['violent', 'hate'], { minLength: 0 }), fc.array(steps, { minLength: 3, maxLength: 3 }))
  .map(([clauses, all]) => [
    ...clauses.map((one, n) => ({ clause: one, strikeDays: 90, steps: all[n]! })),
    { strikeDays: 30, steps: all[2]! },
  ]);
const step = fc.oneof(
  { weight: 2, arbitrary: entries.map((all) => ({ what: 'ladder' as const, entries: all })) },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('review' as const),
      account: fc.integer({ min: 1, max: ACCOUNTS }),
      verdict: fc.constantFrom('unsafe', 'unsafe', 'unsafe', 'safe', 'model-problem'),
      clause,
    }),
  },
  fc.integer({ min: 1, max: ACCOUNTS }).map((account) => ({ what: 'reinstate' as const, account })),
  fc.integer({ min: 0, max: 500 }).map((perWeek) => ({ what: 'rate' as const, perWeek })),
  fc.boolean().map((isPause) => ({ what: 'pause' as const, isPause })),
  fc.integer({ min: 1, max: 3 }).map((size) => ({ what: 'cohort' as const, size })),
);

async function take(one: typeof step extends fc.Arbitrary<infer Step> ? Step : never, rita: Client): Promise<void> {
  const { administrator } = gatehouse;
  switch (one.what) {
    case 'ladder':
      expect(
        (await administrator.put('/v1/enforcement-ladder', { entries: one.entries, reason: 'a test' })).status,
      ).toBe(200);
      break;
    case 'review': {
      const imageId = `img-${++images}`;
      const flag = { flaggedBy: 'acc-9', flaggerKind: 'user', categories: [one.clause] };
      await service.post('/v1/events', [
        cloudEvent('ImageGenerated', { imageId, accountId: `acc-${one.account}` }),
        cloudEvent('ContentFlagged', { imageId, ...flag }),
      ]);
      await gatehouse.settle();
      const founded = one.verdict === 'unsafe' ? { clause: one.clause } : {};
      expect((await judge(rita, imageId, one.verdict, founded)).status).toBe(200);
      break;
    }
    case 'reinstate':
      await administrator.post(`/v1/accounts/acc-${one.account}/reinstatement`, { reason: 'a-test' });
      break;
    case 'rate':
      await administrator.put('/v1/rollout/rate', { perWeek: one.perWeek, reason: 'a test', confirm: one.perWeek });
      break;
    case 'pause':
      await administrator.post(
        `/v1/rollout/${one.isPause ? 'pause' : 'resume'}`,
        one.isPause ? { reason: 'a test' } : {},
      );
      break;
    case 'cohort':
      await administrator.post('/v1/cohorts', { size: one.size });
  }
  await gatehouse.settle();
}

beforeAll(async () => {
  gatehouse = await startGatehouse();
  compliance = await gatehouse.as('carla', 'compliance');
  service = await gatehouse.as('images', 'service');
  const rita = await gatehouse.as('rita', 'reviewer');
  const people = Array.from({ length: ACCOUNTS + 6 }, (_, n) => `acc-${n + 1}`);
  await service.post(
    '/v1/events',
    people.map((accountId) => cloudEvent('WaitlistJoined', { accountId, email: `${accountId}@x.org` })),
  );
  await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 100, reason: 'a test', confirm: 100 });
  await gatehouse.administrator.post('/v1/cohorts', { accounts: people.slice(0, ACCOUNTS) });
  await gatehouse.settle();
  for (const one of fc.sample(step, { seed: 218, numRuns: STEPS })) await take(one, rita);
}, 240_000);
afterAll(() => gatehouse?.close());

it('agrees with every stored decision of a random history', async () => {
  const explained = await expectDecidedAgain(gatehouse);
  for (const type of ['EnforcementOrdered', 'StrikeIssued', 'ReviewConfirmed', 'ReviewDismissed', 'ModelProblemFound'])
    expect([...explained.keys()]).toContain(type);
  for (const type of ['OnboardingRateSet', 'CohortAdmitted']) expect([...explained.keys()]).toContain(type);
});

it('finds a decision that is not what its history leads to', async () => {
  const { store } = gatehouse.runtime;
  const again = new Explanations(store, catalogue.contexts);
  const order = (await wholeLog(store, ['EnforcementOrdered'])).at(-1)!;
  const altered = {
    ...order,
    data: { ...order.data, measure: order.data.measure === 'suspend' ? 'strike' : 'suspend' },
  };
  expect(await again.of(altered)).toMatchObject({ agrees: false });
  const admitted = (await wholeLog(store, ['CohortAdmitted'])).at(-1)!;
  const tooMany = { ...admitted, data: { ...admitted.data, size: 10_000, accounts: undefined } };
  expect(await again.of(tooMany)).toMatchObject({ agrees: false });
});

it('makes an enforcement again, by route, in a history and by command', async () => {
  const { store } = gatehouse.runtime;
  const ladders = await wholeLog(store, ['LadderSet']);
  const orders = await wholeLog(store, ['EnforcementOrdered']);
  const order = orders.find(({ position }) => position > ladders[0]!.position);
  const id = order!.data.caseId as string;
  const { body } = await compliance.get(`/v1/audit/decisions/${id}`);
  expect(body).toMatchObject({
    ...{ id, kind: 'enforcement' },
    decisions: [{ what: 'EnforcementOrdered', stored: order!.data, explanation: { agrees: true } }],
  });
  const { restedOn } = body.decisions[0].explanation as { restedOn: { of: string; path: string; setBy?: object }[] };
  const ladder = ladders.filter(({ position }) => position < order!.position);
  const set = ladder.at(-1)!;
  expect(restedOn).toContainEqual({
    ...{ of: 'ladder', path: `/versions/${ladder.length - 1}` },
    value: { position: set.position, entries: set.data.entries },
    setBy: {
      ...{ position: String(set.position), id: set.id, type: 'LadderSet', stream: 'ladder' },
      ...{ time: set.metadata.time, actor: set.metadata.actor },
    },
  });
  // What is in its own stream is no setting.
  expect(restedOn.map(({ of }) => of)).not.toContain(order!.stream);
  for (const one of restedOn.filter(({ setBy }) => setBy))
    expect(Number((one.setBy as { position: string }).position)).toBeLessThan(order!.position);
  const { events } = (await compliance.get(`/v1/audit/history/case/${id}?explain=true`)).body;
  const confirmed = events.find(({ type }: { type: string }) => type === 'ReviewConfirmed');
  expect(confirmed.explanation).toMatchObject({
    agrees: true,
    rules: expect.arrayContaining([{ rule: 'panel-complete', outcome: 'holds', detail: '1 of 1 verdicts decide' }]),
  });
  const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  expect(await cli.run('audit', 'decision', id)).toMatchObject({
    ...{ code: 0, stdout: expect.stringMatching(/EnforcementOrdered at position[\s\S]*decided again: the same/) },
  });
  const explained = (await cli.run('audit', 'case', id, '--explain')).stdout;
  expect(explained).toContain('rule panel-complete: holds');
  expect(explained).toMatch(/found ladder\/versions\/\d+: .*set by LadderSet at \d+/);
  expect((await compliance.get('/v1/audit/decisions/nothing')).status).toBe(404);
});

it('makes an access decision again whose answer carried its id', async () => {
  const ask = (id: string, action: string) =>
    service.post('/access/v1/evaluation', {
      ...{ subject: { type: 'account', id }, action: { name: action }, resource: { type: 'image', id: 'img-1' } },
    });
  for (const [account, action] of [
    ['acc-1', 'generate'],
    ['acc-2', 'share'],
    ['acc-nobody', 'download'],
  ] as const) {
    const { decision, context } = (await ask(account, action)).body;
    expect(context.decisionId).toEqual(expect.any(String));
    const stored = async () => compliance.get(`/v1/audit/decisions/${context.decisionId}`);
    let found = await stored();
    await until(async () => {
      if (found.status === 404) found = await stored();
      return found.status !== 404;
    });
    const [{ explanation, ...made }] = found.body.decisions;
    const { reason } = context;
    expect(made.stored).toEqual({ decision, ...(reason !== undefined && { reason }) });
    expect(made.position).toBe(context.position);
    expect(explanation).toMatchObject({ agrees: true, decided: made.stored });
    const broken = explanation.rules.filter(({ outcome }: { outcome: string }) => outcome === 'broken');
    expect(broken[0]?.rule).toBe(reason);
    expect((await ask(account, action)).body.context.decisionId).toBeUndefined();
  }
});

it('lists the access decisions on record by what was asked and answered, in pages', async () => {
  const list = async (query: string) => (await compliance.get(`/v1/audit/decisions?${query}`)).body;
  const idsOf = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id);
  const all = await list('');
  expect(all.items.length).toBeGreaterThanOrEqual(3);
  const times = all.items.map(({ time }: { time: string }) => time);
  expect(times).toEqual([...times].sort().reverse());
  const [first] = (await list('subject=acc-nobody')).items;
  expect(first).toMatchObject({
    ...{ subject: 'acc-nobody', action: 'download', outcome: 'deny', reason: expect.any(String) },
    ...{ resource: 'img-1', resourceType: 'image', position: expect.stringMatching(/^\d+$/) },
  });
  for (const [query, isPart] of [
    ['action=share', { action: 'share' }],
    [`reason=${first.reason}`, { reason: first.reason }],
    ['outcome=deny', { outcome: 'deny' }],
    ['outcome=permit', { outcome: 'permit', reason: null }],
    [`from=${first.time}&to=${first.time}`, { time: first.time }],
  ] as const) {
    const wanted = all.items.filter((one: object) =>
      Object.entries(isPart).every(([name, value]) => Reflect.get(one, name) === value),
    );
    expect([query, (await list(query)).items]).toEqual([query, wanted]);
  }
  const paged: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page = await list(`limit=1${cursor && `&cursor=${cursor}`}`);
    paged.push(...idsOf(page));
    cursor = page.nextCursor;
  }
  expect(paged).toEqual(idsOf(all));
  const { nextCursor } = await list('limit=1');
  expect((await compliance.get(`/v1/audit/decisions?limit=1&action=share&cursor=${nextCursor}`)).status).toBe(400);
});

it('lists as of a moment the access decisions made by then, or resting on no more', async () => {
  const list = async (query: string) => (await compliance.get(`/v1/audit/decisions?${query}`)).body;
  const { items, position } = await list('');
  const oldest = items.at(-1);
  expect((await list(`asOf=${oldest.time}`)).items).toEqual(
    items.filter(({ time }: { time: string }) => time === oldest.time),
  );
  expect((await list('asOf=0')).items).toEqual([]);
  expect((await list(`asOf=${position}`)).items).toEqual(items);
  expect((await compliance.get('/v1/audit/decisions?asOf=999999999')).status).toBe(410);
  expect((await service.get('/v1/audit/decisions')).status).toBe(403);
  const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const { stdout } = await cli.run('audit', 'decisions', '--subject', 'acc-nobody', '--limit', '1');
  expect(stdout).toMatch(/acc-nobody\s+download\s+image img-1/);
});
