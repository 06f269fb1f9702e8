import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explainEvent } from '../../libs/history/queries/explain-event.js';
import { cliFor } from '../support/cli-process.js';
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
      await administrator.put('/v1/rollout/rate', { perWeek: one.perWeek });
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
  await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 100 });
  await gatehouse.administrator.post('/v1/cohorts', { accounts: people.slice(0, ACCOUNTS) });
  await gatehouse.settle();
  for (const one of fc.sample(step, { seed: 218, numRuns: STEPS })) await take(one, rita);
}, 240_000);
afterAll(() => gatehouse?.close());

it('agrees with every stored decision of a random history', async () => {
  const { store } = gatehouse.runtime;
  const explained = new Map<string, number>();
  for (const event of await wholeLog(store)) {
    const explanation = await explainEvent(event, store);
    if (!explanation) continue;
    expect([event.type, event.position, event.data, explanation]).toEqual([
      ...[event.type, event.position, event.data],
      expect.objectContaining({ agrees: true }),
    ]);
    expect(explanation.rules.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    explained.set(event.type, (explained.get(event.type) ?? 0) + 1);
  }
  for (const type of ['EnforcementOrdered', 'StrikeIssued', 'ReviewConfirmed', 'ReviewDismissed', 'ModelProblemFound'])
    expect([...explained.keys()]).toContain(type);
  for (const type of ['OnboardingRateSet', 'CohortAdmitted']) expect([...explained.keys()]).toContain(type);
});

it('finds a decision that is not what its history leads to', async () => {
  const { store } = gatehouse.runtime;
  const order = (await wholeLog(store, ['EnforcementOrdered'])).at(-1)!;
  const altered = {
    ...order,
    data: { ...order.data, measure: order.data.measure === 'suspend' ? 'strike' : 'suspend' },
  };
  expect(await explainEvent(altered, store)).toMatchObject({ agrees: false });
  const admitted = (await wholeLog(store, ['CohortAdmitted'])).at(-1)!;
  const tooMany = { ...admitted, data: { ...admitted.data, size: 10_000, accounts: undefined } };
  expect(await explainEvent(tooMany, store)).toMatchObject({ agrees: false });
});

it('makes an enforcement again, by route, in a history and by command', async () => {
  const [order] = await wholeLog(gatehouse.runtime.store, ['EnforcementOrdered']);
  const id = order!.data.caseId as string;
  const { body } = await compliance.get(`/v1/audit/decisions/${id}`);
  expect(body).toMatchObject({
    ...{ id, kind: 'enforcement' },
    decisions: [{ what: 'EnforcementOrdered', stored: order!.data, explanation: { agrees: true } }],
  });
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
  expect((await cli.run('audit', 'case', id, '--explain')).stdout).toContain('rule panel-complete: holds');
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
