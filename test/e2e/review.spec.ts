import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { MAX_FLAGS } from '../../libs/review/index.js';
import { type Client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

const MINUTE_MS = 60_000;
let now: number;
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;
let rob: Client;

beforeEach(async () => {
  now = Date.parse('2022-05-18T09:00:00Z');
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    env: { GATEHOUSE_CLAIM_LEASE_MS: String(15 * MINUTE_MS) },
  });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  rob = await gatehouse.as('rob', 'reviewer');
});
afterEach(() => gatehouse.close());

const send = async (type: string, data: Record<string, unknown>) => {
  const event = cloudEvent(type, data, { time: new Date(now).toISOString() });
  const { body } = await service.post('/v1/events', event, { 'content-type': 'application/cloudevents+json' });
  return body.results[0];
};
const generate = (imageId: string, accountId = 'acc-1') =>
  send('ImageGenerated', { imageId, accountId, photorealistic: true });
const flag = (imageId: string, flaggedBy = 'acc-9', more = {}) =>
  send('ContentFlagged', { imageId, flaggedBy, flaggerKind: 'user', categories: ['violent'], ...more });
/** `allowed`, or the reason of the deny. */
const mayReview = async (reviewer: string, caseId: string, type = 'reviewer') => {
  const { body } = await service.post('/access/v1/evaluation', {
    subject: { type, id: reviewer },
    action: { name: 'review' },
    resource: { type: 'case', id: caseId },
  });
  return body.decision ? 'allowed' : body.context.reason;
};
const show = async (id: string) => (await rita.get(`/v1/cases/${id}`)).body;

/** Flags at intervals of a minute. */
async function openCases(...imageIds: string[]) {
  for (const imageId of imageIds) {
    await generate(imageId);
    await flag(imageId);
    await gatehouse.settle();
    now += MINUTE_MS;
  }
}

it('queues cases, oldest first, and pages through them by status', async () => {
  await openCases('img-b', 'img-a', 'img-c');
  await rita.post('/v1/cases/img-a/claim');
  await gatehouse.settle();
  const ids = async (query: string) => {
    const { items, nextCursor } = (await rita.get(`/v1/cases${query}`)).body;
    return [...items.map((one: { caseId: string }) => one.caseId), ...(nextCursor ? [nextCursor] : [])];
  };
  expect(await ids('')).toEqual(['img-b', 'img-a', 'img-c']);
  expect(await ids('?status=open')).toEqual(['img-b', 'img-c']);
  expect(await ids('?status=claimed')).toEqual(['img-a']);
  const [first, second, cursor] = await ids('?limit=2');
  expect([first, second, ...(await ids(`?limit=2&cursor=${cursor}`))]).toEqual(['img-b', 'img-a', 'img-c']);
  now += 15 * MINUTE_MS;
  expect(await ids('?status=open')).toEqual(['img-b', 'img-a', 'img-c']);
  expect(await ids('?status=claimed')).toEqual([]);
});

it('lets one reviewer at a time claim a case, until it is released or the lease ends', async () => {
  await openCases('img-1');
  const claimed = await rita.post('/v1/cases/img-1/claim');
  const until = new Date(now + 15 * MINUTE_MS).toISOString();
  expect(claimed).toMatchObject({ status: 200, body: { caseId: 'img-1', reviewer: 'rita', until } });
  expect((await rita.post('/v1/cases/img-1/claim')).body).toEqual(claimed.body);
  expect(codeOf(await rob.post('/v1/cases/img-1/claim'))).toEqual([409, 'case-claimed']);
  const stolen = { token: claimed.body.token, verdict: 'safe' };
  expect(codeOf(await rob.post('/v1/cases/img-1/verdicts', stolen))).toEqual([409, 'claim-lost']);
  expect(await show('img-1')).toMatchObject({ status: 'claimed', claim: { reviewer: 'rita', until } });

  expect((await rita.delete(`/v1/cases/img-1/claim?token=${claimed.body.token}`)).status).toBe(200);
  expect(await show('img-1')).toMatchObject({ status: 'open', claim: null });
  expect((await rob.post('/v1/cases/img-1/claim')).status).toBe(200);
  now += 15 * MINUTE_MS;
  expect((await rita.post('/v1/cases/img-1/claim')).body.reviewer).toBe('rita');
});

it('confirms by verdict, deactivates the account and returns the whole case', async () => {
  await openCases('img-1');
  const judged = await judge(rita, 'img-1', 'unsafe', { note: 'lower left', answerTimeMs: 1200 });
  expect(judged).toMatchObject({ status: 200, body: { caseId: 'img-1', status: 'confirmed' } });
  const shown = await show('img-1');
  expect(shown).toMatchObject({
    accountId: 'acc-1',
    status: 'confirmed',
    round: 1,
    panelSize: 1,
    flaggers: [expect.stringMatching(/^flagger-/)],
    categories: ['violent'],
    verdicts: [{ reviewer: 'rita', verdict: 'unsafe', clause: 'violent' }],
    position: judged.body.position,
  });
  expect(shown.history.map((one: { type: string }) => one.type)).toEqual([
    'CaseOpened',
    'CaseRouted',
    'CaseClaimed',
    'VerdictGiven',
    'ReviewConfirmed',
  ]);
  expect(JSON.stringify(shown)).not.toContain('lower left');
  const again = { token: 1, verdict: 'unsafe', clause: 'violent', rationale: 'a wound' };
  expect((await rita.post('/v1/cases/img-1/verdicts', again)).body).toEqual(judged.body);
  const other = { token: 1, verdict: 'safe' };
  expect(codeOf(await rita.post('/v1/cases/img-1/verdicts', other))).toEqual([409, 'already-reviewed']);
  expect(codeOf(await rob.post('/v1/cases/img-1/verdicts', other))).toEqual([409, 'case-not-open']);

  await gatehouse.settle();
  const account = (await gatehouse.administrator.get('/v1/accounts/acc-1')).body;
  expect(account).toMatchObject({ deactivated: true, history: [{ type: 'AccountDeactivated' }] });
  expect((await rita.get('/v1/cases?status=confirmed')).body.items).toMatchObject([
    { caseId: 'img-1', claimedBy: null },
  ]);
});

it('limits the flags of a case, and rejects a verdict from a reviewer who flagged the image beyond the limit', async () => {
  await generate('img-1');
  const flags = Array.from({ length: MAX_FLAGS }, (_, n) =>
    cloudEvent('ContentFlagged', { imageId: 'img-1', flaggedBy: `acc-${n}`, flaggerKind: 'user', categories: [] }),
  );
  await service.post('/v1/events', flags);
  for (const by of ['rita', 'rita', 'x1']) await flag('img-1', by);
  await gatehouse.settle();
  const { history, flaggers } = await show('img-1');
  const ofFlags = history.filter(({ type }: { type: string }) => type !== 'CaseRouted');
  expect([ofFlags.length, flaggers.length]).toEqual([MAX_FLAGS, MAX_FLAGS]);
  expect(codeOf(await rita.post('/v1/cases/img-1/claim'))).toEqual([409, 'own-flag']);
  expect(codeOf(await judge(rita, 'img-1', 'safe'))).toEqual([409, 'own-flag']);
  const verdict = { caseId: 'img-1', verdict: 'safe' };
  expect((await send('VerdictGiven', { ...verdict, reviewer: 'x1' })).reason).toBe('own-flag');
  expect(await mayReview('rita', 'img-1')).toBe('own-flag');
  expect(await mayReview('rob', 'img-1')).toBe('allowed');
  expect((await judge(rob, 'img-1', 'safe')).body.status).toBe('dismissed');

  await flag('img-1', 'rob');
  await gatehouse.settle();
  for (const flagger of [rita, rob])
    expect(codeOf(await flagger.post('/v1/cases/img-1/claim'))).toEqual([409, 'own-flag']);
  const another = await gatehouse.as('rika', 'reviewer');
  expect((await another.post('/v1/cases/img-1/claim')).status).toBe(200);
});

it('rejects a reviewer of their own image, over HTTP, from an outside tool and at the decision point', async () => {
  await generate('img-1', 'rita');
  await flag('img-1');
  await gatehouse.settle();
  expect(codeOf(await rita.post('/v1/cases/img-1/claim'))).toEqual([409, 'own-image']);
  expect(codeOf(await judge(rita, 'img-1', 'safe'))).toEqual([409, 'own-image']);
  expect((await send('VerdictGiven', { caseId: 'img-1', reviewer: 'rita', verdict: 'safe' })).reason).toBe('own-image');
  expect(await mayReview('rita', 'img-1')).toBe('own-image');
  expect(await mayReview('rob', 'img-1')).toBe('allowed');
  expect(await mayReview('rob', 'img-1', 'account')).toBe('not-a-reviewer');
  expect(await mayReview('rob', 'img-1', 'robot')).toBe('subject-type-unknown');
  expect((await rob.post('/v1/cases/img-1/claim')).status).toBe(200);
});

it('deactivates the owner of the image, whomever a flag names', async () => {
  await generate('img-before', 'bob');
  await flag('img-before', 'acc-9', { accountId: 'alice' });
  await flag('img-after', 'acc-9', { accountId: 'alice' });
  await gatehouse.settle();
  expect([(await show('img-before')).accountId, (await show('img-after')).accountId]).toEqual(['bob', 'alice']);
  await generate('img-after', 'carl');
  await gatehouse.settle();
  expect((await judge(rita, 'img-before', 'unsafe')).body.status).toBe('confirmed');
  const confirmed = {
    caseId: 'img-after',
    imageId: 'img-after',
    accountId: 'alice',
    categories: [],
    reviewers: ['rev-x'],
  };
  expect((await send('ReviewConfirmed', confirmed)).outcome).toBe('accepted');
  await gatehouse.settle();
  const deactivated = async (id: string) => (await gatehouse.administrator.get(`/v1/accounts/${id}`)).body.deactivated;
  expect([await deactivated('bob'), await deactivated('carl')]).toEqual([true, true]);
  expect((await gatehouse.administrator.get('/v1/log?types=AccountDeactivated')).body.events).toHaveLength(2);
});

it('accepts verdicts of an outside tool while a reviewer here has claimed the case', async () => {
  await openCases('img-1');
  expect((await rita.post('/v1/cases/img-1/claim')).status).toBe(200);
  const vote = (reviewer: string) => send('VerdictGiven', { caseId: 'img-1', reviewer, verdict: 'safe', panelSize: 2 });
  expect((await vote('x1')).outcome).toBe('accepted');
  expect(await show('img-1')).toMatchObject({ status: 'claimed', claim: { reviewer: 'rita' } });
  expect((await vote('x2')).outcome).toBe('accepted');
  expect((await show('img-1')).status).toBe('dismissed');
});

it('accepts verdicts of an outside tool, whose panel decides by strict majority', async () => {
  await openCases('img-1');
  const vote = (reviewer: string, verdict: string) =>
    send('VerdictGiven', { caseId: 'img-1', reviewer, verdict, panelSize: 3 });
  expect((await vote('x1', 'unsafe')).outcome).toBe('accepted');
  expect((await vote('x1', 'safe')).outcome).toBe('duplicate');
  expect((await vote('acc-9', 'unsafe')).reason).toBe('own-flag');
  expect((await vote('x2', 'safe')).outcome).toBe('accepted');
  expect(await show('img-1')).toMatchObject({ status: 'open', panelSize: 3 });
  expect((await vote('x3', 'unsafe')).outcome).toBe('accepted');
  expect((await show('img-1')).status).toBe('confirmed');
});

it('refuses to confirm a case until the owner of its image is known, even after the flag', async () => {
  await flag('img-late');
  await gatehouse.settle();
  expect(codeOf(await judge(rita, 'img-late', 'unsafe'))).toEqual([409, 'image-owner-unknown']);
  await generate('img-late', 'acc-7');
  await gatehouse.settle();
  expect((await judge(rita, 'img-late', 'unsafe')).body.status).toBe('confirmed');
  expect((await show('img-late')).accountId).toBe('acc-7');
});

it('accepts confirmations of another system for open cases, and quarantines those of unknown ones', async () => {
  await openCases('img-1', 'img-2');
  const confirm = (imageId: string) =>
    send('ReviewConfirmed', { caseId: imageId, imageId, categories: [], reviewers: ['rev-x'] });
  expect((await confirm('img-1')).outcome).toBe('accepted');
  expect((await confirm('img-1')).outcome).toBe('duplicate');
  await judge(rita, 'img-2', 'safe');
  expect((await confirm('img-2')).reason).toBe('case-dismissed');
  await gatehouse.settle();
  expect(await confirm('img-0')).toMatchObject({ outcome: 'quarantined', reason: 'case-unknown' });
});

it('shows the owner and the facts of an image', async () => {
  await generate('img-1', 'acc-3');
  await gatehouse.settle();
  expect((await rita.get('/v1/images/img-1')).body).toMatchObject({
    imageId: 'img-1',
    accountId: 'acc-3',
    generatedAt: new Date(now).toISOString(),
    photorealistic: true,
    faces: null,
    promptCategory: null,
    withheld: false,
    withheldBecause: null,
    position: expect.any(String),
  });
  expect(codeOf(await rita.get('/v1/images/img-0'))).toEqual([404, 'image-unknown']);
});

it('names every invalid field, and has no case without a flag', async () => {
  await openCases('img-1');
  const { token } = (await rita.post('/v1/cases/img-1/claim')).body;
  for (const [field, body] of [
    ['/verdict', {}],
    ['/verdict', { verdict: 'perhaps' }],
    ['/note', { verdict: 'safe', note: '' }],
    ['/note', { verdict: 'safe', note: 'a\u0007' }],
    ['/answerTimeMs', { verdict: 'safe', answerTimeMs: -1 }],
    ['/reviewer', { verdict: 'safe', reviewer: 'somebody-else' }],
    ['/token', { verdict: 'safe', token: '1' }],
    ['/clause', { verdict: 'unsafe', rationale: 'a wound' }],
    ['/rationale', { verdict: 'unsafe', clause: 'violent' }],
    ['/clause', { verdict: 'safe', clause: 'violent' }],
  ] as const) {
    const answer = await rita.post('/v1/cases/img-1/verdicts', { token, ...body });
    expect([body, answer.status, answer.body.errors?.[0]?.field]).toEqual([body, 400, field]);
  }
  for (const query of ['status=new', 'limit=0', 'cursor=x', 'cursor=%00']) {
    expect([query, (await rita.get(`/v1/cases?${query}`)).status]).toEqual([query, 400]);
  }
  expect((await rita.get('/v1/cases/%00')).status).toBe(400);
  expect(codeOf(await rita.get('/v1/cases/img-0'))).toEqual([404, 'case-unknown']);
  expect(codeOf(await rita.post('/v1/cases/img-0/claim'))).toEqual([404, 'case-unknown']);
});

it('accepts a verdict right after its flag and image, before any consumer has processed them', async () => {
  const running = await startGatehouse({ background: true });
  try {
    const tool = await running.as('tool', 'service');
    const imageIds = Array.from({ length: 20 }, (_, n) => `img-${n}`);
    const outcomes: string[] = [];
    for (const toEvent of [
      (imageId: string) =>
        cloudEvent('ContentFlagged', { imageId, flaggedBy: 'acc-9', flaggerKind: 'user', categories: [] }),
      (imageId: string) => cloudEvent('ImageGenerated', { imageId, accountId: `of-${imageId}` }),
      (imageId: string) => cloudEvent('VerdictGiven', { caseId: imageId, reviewer: 'x1', verdict: 'unsafe' }),
    ]) {
      const type = { 'content-type': 'application/cloudevents-batch+json' };
      const batch = imageIds.map(toEvent);
      let answer = await tool.post('/v1/events', batch, type);
      // On a busy machine its wait may end too early; then it answers so, and the client retries.
      while (answer.status === 503) answer = await tool.post('/v1/events', batch, type);
      const { body } = answer;
      outcomes.push(...body.results.map((one: { outcome: string; reason?: string }) => one.reason ?? one.outcome));
    }
    expect(outcomes.filter((outcome) => outcome !== 'accepted' && outcome !== 'duplicate')).toEqual([]);
    const { body } = await running.administrator.get('/v1/cases/img-19');
    expect(body).toMatchObject({ status: 'confirmed', accountId: 'of-img-19' });
  } finally {
    await running.close();
  }
});
