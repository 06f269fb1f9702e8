import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

const HOUR_MS = 3_600_000;
const PATH = '/v1/image-rules/photorealistic-faces';
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let operator: Client;
let service: Client;
/** Members of the cohorts w20 and w21. */
let ann: string;
let bob: string;

const send = async (...events: [type: string, data: Record<string, unknown>][]) => {
  const body = events.map(([type, data]) => cloudEvent(type, data, { time: at(0) }));
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  expect((await service.post('/v1/events', body, headers)).status).toBe(202);
  await gatehouse.settle();
};
const at = (ms: number) => new Date(now + ms).toISOString();

beforeAll(async () => {
  // More flags within an hour than that are kept apart, unless a rule flags.
  gatehouse = await startGatehouse({ clock: { now: () => now }, env: { GATEHOUSE_FLAGS_PER_HOUR: '1' } });
  operator = await gatehouse.as('olga', 'operator');
  service = await gatehouse.as('image-service', 'service');
  await operator.post('/v1/policy', { version: '1' });
  await operator.put('/v1/rollout/rate', { perWeek: 10 });
  const join = async (name: string) =>
    (await service.post('/v1/waitlist', { email: `${name}@example.org` })).body.accountId as string;
  [ann, bob] = [await join('ann'), await join('bob')];
  await gatehouse.settle();
  await operator.post('/v1/cohorts', { cohortId: 'w20', accounts: [ann] });
  await operator.post('/v1/cohorts', { cohortId: 'w21', accounts: [bob] });
  await gatehouse.settle();
  for (const id of [ann, bob])
    await gatehouse.administrator.post(`/v1/accounts/${id}/policy-acceptance`, { version: '1' });
  const face = { photorealistic: true, faces: true };
  await send(
    ...[ann, bob].flatMap((accountId): [string, Record<string, unknown>][] => [
      ['ImageGenerated', { imageId: `face-${accountId}`, accountId, ...face }],
      ['ImageGenerated', { imageId: `drawn-${accountId}`, accountId, photorealistic: false }],
      ['ImageGenerated', { imageId: `unknown-${accountId}`, accountId }],
    ]),
  );
});
afterAll(() => gatehouse?.close());

async function mayShare(accountId: string, kind = 'face', minPosition = '0'): Promise<string> {
  // Sharing waits for the view of images, which nothing else updates here.
  await gatehouse.settle();
  return ask(accountId, kind, minPosition);
}

async function ask(accountId: string, kind: string, minPosition = '0'): Promise<string> {
  const { body } = await service.post('/access/v1/evaluation', {
    subject: { type: 'account', id: accountId },
    action: { name: 'share' },
    resource: { type: 'image', id: `${kind}-${accountId}` },
    context: { minPosition },
  });
  return body.context.reason ?? 'allowed';
}

it('is in force by default, also for images of which nobody knows enough', async () => {
  expect(await mayShare(ann)).toBe('face-sharing-restricted');
  expect(await mayShare(ann, 'drawn')).toBe('allowed');
  expect(await mayShare(ann, 'unknown')).toBe('image-facts-unknown');
  const { items } = (await service.get('/v1/image-rules')).body;
  expect(items).toEqual([
    {
      ...{ rule: 'photorealistic-faces', cohortId: null, inForce: true, reason: null },
      ...{ from: null, until: null, phase: null },
    },
  ]);
});

it('is lifted for a cohort at a date, and is back in force by the clock', async () => {
  const trial = new URLSearchParams({ cohortId: 'w20', reason: 'a trial', from: at(HOUR_MS), until: at(2 * HOUR_MS) });
  const { status, body } = await operator.delete(`${PATH}?${trial}`);
  expect(status).toBe(200);
  expect(await mayShare(ann, 'face', body.position)).toBe('face-sharing-restricted');
  now += HOUR_MS;
  expect([await mayShare(ann), await mayShare(ann, 'unknown')]).toEqual(['allowed', 'allowed']);
  // Whose image it is isn't known until somebody reports it.
  const [own, others] = [ask(ann, 'own'), ask(ann, 'others')];
  await send(
    ['ImageGenerated', { imageId: `own-${ann}`, accountId: ann }],
    ['ImageGenerated', { imageId: `others-${ann}`, accountId: bob }],
  );
  expect([await own, await others]).toEqual(['allowed', 'not-image-owner']);
  expect(await mayShare(bob)).toBe('face-sharing-restricted');
  const { items } = (await service.get('/v1/image-rules')).body;
  expect(items[1]).toMatchObject({ cohortId: 'w20', inForce: false, reason: 'a trial' });
  await send(['ImageShared', { imageId: `face-${ann}`, accountId: ann }]);
  now += HOUR_MS;
  expect(await mayShare(ann)).toBe('face-sharing-restricted');
});

it('measures what was shared despite the rule, but not what was allowed', async () => {
  const figures = async () => (await operator.get('/v1/metrics/restricted-images')).body;
  expect(await figures()).toMatchObject({ generated: 2, shared: 1, sharedDespiteRule: 0 });
  await send(['ImageShared', { imageId: `face-${bob}`, accountId: bob, audience: 'link' }]);
  expect(await figures()).toMatchObject({
    generated: 2,
    shared: 2,
    sharedDespiteRule: 1,
    shareOfGenerated: { hits: 1, of: 2 },
  });
  const { body } = await gatehouse.administrator.get('/metrics');
  expect(body).toMatch(/gatehouse_access_shares_denied_total\{reason="face-sharing-restricted"\} [1-9]/);
});

it('has a case for each image that was shared despite it, once, also if its facts come later', async () => {
  const caseOf = async (imageId: string) => {
    const { status, body } = await gatehouse.administrator.get(`/v1/cases/${imageId}`);
    return status === 404 ? null : body;
  };
  expect(await caseOf(`face-${ann}`)).toBeNull();
  const found = { status: 'open', flaggers: ['gatehouse:image-rules'], categories: ['photorealistic-faces'] };
  expect(await caseOf(`face-${bob}`)).toMatchObject(found);
  await send(
    ['ImageShared', { imageId: 'late', accountId: bob }],
    ['ImageShared', { imageId: 'drawn', accountId: bob }],
  );
  expect(await caseOf('late')).toBeNull();
  await send(
    ['ImageGenerated', { imageId: 'late', accountId: bob, photorealistic: true, faces: true }],
    ['ImageGenerated', { imageId: 'drawn', accountId: bob, photorealistic: false, faces: true }],
  );
  expect(await caseOf('late')).toMatchObject(found);
  expect(await caseOf('drawn')).toBeNull();
  const rita = await gatehouse.as('rita', 'reviewer');
  expect((await judge(rita, 'late', 'safe')).status).toBe(200);
  await send(['ImageShared', { imageId: 'late', accountId: bob }]);
  expect(await caseOf('late')).toMatchObject({ status: 'dismissed', round: 1 });
  const { whole } = (await operator.get('/v1/safety/metrics')).body;
  // Both shares to the public; the other image was shared by link.
  expect(whole).toMatchObject({ flagged: 2, flaggedShare: { hits: 1 } });
});

it('is changed only by an operator with a reason, and not over a change in between', async () => {
  expect((await service.put(PATH, { reason: 'x' })).status).toBe(403);
  expect((await operator.put(PATH, { reason: ' ' })).status).toBe(400);
  expect((await operator.put('/v1/image-rules/other', { reason: 'x' })).status).toBe(400);
  const over = await operator.put(PATH, { reason: 'x', until: at(-1) });
  expect([over.status, over.body.type]).toEqual([409, expect.stringMatching(/rule-over$/)]);
  const { etag } = (await operator.get(PATH)).body;
  const lifted = await operator.delete(`${PATH}?reason=everybody`);
  expect(await mayShare(bob, 'face', lifted.body.position)).toBe('allowed');
  const late = await operator.put(PATH, { reason: 'not any more' }, { 'if-match': etag });
  expect([late.status, late.body.type]).toEqual([412, expect.stringMatching(/changed-meanwhile$/)]);
  const shown = (await operator.get(PATH)).body;
  const again = await operator.put(PATH, { reason: 'not any more' }, { 'if-match': shown.etag });
  expect(await mayShare(bob, 'face', again.body.position)).toBe('face-sharing-restricted');
  const { history, inForce } = (await operator.get(PATH)).body;
  expect([inForce, history.map(({ type }: { type: string }) => type)]).toEqual([
    ...[true, ['ImageRuleLifted', 'ImageRuleSet']],
  ]);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
