import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { FOUNDED } from '../support/judge.js';

const MINUTE_MS = 60_000;
let now: number;
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;
let rob: Client;
let lena: Client;

const QUEUES = {
  queues: [{ id: 'default' }, { id: 'severe', title: 'Severe', skill: 'trained' }, { id: 'detected' }],
  rules: [
    { queue: 'severe', minSeverity: 3 },
    { queue: 'detected', sources: ['detector'] },
  ],
  default: 'default',
  patienceHours: 24,
  reason: 'trained reviewers',
};

beforeAll(async () => {
  now = Date.parse('2022-05-18T09:00:00Z');
  gatehouse = await startGatehouse({ clock: { now: () => now }, env: { GATEHOUSE_CLAIMS_PER_REVIEWER: '0' } });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  rob = await gatehouse.as('rob', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  const clauses = [
    { id: 'violent', title: 'No violence', severity: 2 },
    { id: 'abuse', title: 'No abuse', severity: 3 },
    { id: 'other', title: 'Nothing else', severity: 1 },
  ];
  await gatehouse.administrator.post('/v1/policy', { version: '1', clauses });
  // Builds the views.
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

async function send(type: string, data: Record<string, unknown>) {
  const event = cloudEvent(type, data, { time: new Date(now).toISOString() });
  const { body } = await service.post('/v1/events', event, { 'content-type': 'application/cloudevents+json' });
  return body.results[0];
}
async function flagged(imageId: string, data: Record<string, unknown> = {}, owner = `owner-${imageId}`) {
  await send('ImageGenerated', { imageId, accountId: owner });
  await send('ContentFlagged', { imageId, flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'], ...data });
}
const next = (reviewer: Client, queue = 'default') => reviewer.post(`/v1/queues/${queue}/next`);
const nextId = async (reviewer: Client, queue?: string): Promise<string | null> =>
  (await next(reviewer, queue)).body.claim?.caseId ?? null;
const show = async (caseId: string) => (await lena.get(`/v1/cases/${caseId}`)).body;
const queues = async () => (await lena.get('/v1/queues')).body;
const listed = async (query: string): Promise<string[]> =>
  (await lena.get(`/v1/cases?${query}`)).body.items.map((one: { caseId: string }) => one.caseId);
const settle = () => gatehouse.settle();
const judge = (reviewer: Client, caseId: string, token: number, verdict: string) =>
  reviewer.post(`/v1/cases/${caseId}/verdicts`, { token, verdict, ...(verdict === 'unsafe' && FOUNDED) });

it('has one queue until leads set others, which a repeat does not change', async () => {
  expect(await queues()).toMatchObject({ queues: [{ id: 'default', open: 0, oldestOpenedAt: null }], position: '0' });
  await flagged('early');
  await settle();
  expect(await show('early')).toMatchObject({ queue: 'default', priority: 38 });
  const { etag } = await queues();
  expect((await rita.put('/v1/queues', QUEUES)).status).toBe(403);
  expect((await lena.put('/v1/queues', QUEUES, { 'if-match': etag })).status).toBe(200);
  expect(codeOf(await lena.put('/v1/queues', { ...QUEUES, rules: [] }, { 'if-match': etag }))).toEqual([
    412,
    'changed-meanwhile',
  ]);
  const set = await queues();
  expect((await lena.put('/v1/queues', QUEUES)).body.position).toBe(set.position);
  expect((await lena.put('/v1/queues', { ...QUEUES, default: 'gone' })).body.errors).toMatchObject([
    { field: '/default' },
  ]);
});

it('routes cases by the rules, explains their priority and counts them', async () => {
  now += MINUTE_MS;
  await flagged('abusive', { categories: ['abuse'] });
  await flagged('found', { flaggerKind: 'detector', flaggedBy: 'detector-1', confidence: 0.8 });
  await settle();
  const { priority, priorityParts, queue } = await show('abusive');
  expect(queue).toBe('severe');
  expect(priority).toBe(priorityParts.reduce((sum: number, { points }: { points: number }) => sum + points, 0));
  expect(priorityParts[0]).toEqual({
    part: 'severity',
    points: 45,
    of: 45,
    because: 'clause abuse has severity 3 of 3',
  });
  expect((await queues()).queues).toMatchObject([
    { id: 'default', open: 1, claimed: 0, oldestOpenedAt: '2022-05-18T09:00:00.000Z' },
    { id: 'severe', open: 1 },
    { id: 'detected', open: 1 },
  ]);
});

it('moves open cases when the rules change, and when a flag makes them more urgent', async () => {
  await lena.put('/v1/queues', { ...QUEUES, rules: [], queues: [{ id: 'default' }], reason: 'simpler' });
  await settle();
  expect([(await show('abusive')).queue, (await show('found')).queue]).toEqual(['default', 'default']);
  expect((await queues()).queues).toMatchObject([{ id: 'default', open: 3 }]);
  await lena.put('/v1/queues', QUEUES);
  await settle();
  expect((await show('abusive')).queue).toBe('severe');
  const before = await show('found');
  await send('ImageShared', { imageId: 'found', accountId: 'owner-found' });
  await settle();
  await flagged('found', { flaggedBy: 'acc-8', categories: ['violent'] });
  await settle();
  const shared = await show('found');
  expect(shared.priority).toBeGreaterThan(before.priority);
  await flagged('found', { flaggedBy: 'acc-8', categories: ['violent'], confidence: 1 });
  await settle();
  expect((await show('found')).priority).toBeGreaterThan(shared.priority);
});

it('gives the case that is due first, to one reviewer only, and says when none waits', async () => {
  now += MINUTE_MS;
  await flagged('mild', { categories: ['other'] });
  await settle();
  expect(codeOf(await next(rita, 'gone'))).toEqual([404, 'queue-unknown']);
  const given = (await next(rita)).body;
  expect(given).toMatchObject({
    queue: 'default',
    claim: { caseId: 'early', reviewer: 'rita', token: 1 },
    case: { caseId: 'early', accountId: 'owner-early', priority: 38, categories: ['violent'] },
  });
  // The view does not show the claim yet.
  expect(await nextId(rob)).toBe('mild');
  expect((await next(lena)).body).toEqual({ queue: 'default', claim: null, case: null });
  await settle();
  expect((await next(lena)).body.claim).toBeNull();
  expect((await queues()).queues[0]).toMatchObject({ open: 2, claimed: 2 });
  const { token } = given.claim;
  expect((await rita.delete(`/v1/cases/early/claim?token=${token}`)).status).toBe(200);
  await settle();
  expect(await nextId(lena)).toBe('early');
  expect((await judge(lena, 'early', 2, 'safe')).body.status).toBe('dismissed');
});

it('leaves out what the caller may not review', async () => {
  now += 6 * MINUTE_MS;
  await flagged('of-rita', {}, 'rita');
  await flagged('by-rita', { flaggedBy: 'rita' });
  await flagged('of-friend', {}, 'friend');
  await settle();
  expect((await rita.post('/v1/reviewers/rita/accounts', { accountId: 'friend', reason: 'x' })).status).toBe(403);
  await lena.post('/v1/reviewers/rita/accounts', { accountId: 'friend', reason: 'a relative' });
  expect((await lena.get('/v1/reviewers/rita')).body).toMatchObject({ accounts: ['friend'], skills: [] });
  const mild = (await next(rita)).body.claim;
  expect(mild.caseId).toBe('mild');
  expect(codeOf(await rita.post('/v1/cases/of-friend/claim'))).toEqual([409, 'linked-account']);
  expect(await nextId(rita)).toBeNull();
  expect((await judge(rita, 'mild', mild.token, 'unsure')).status).toBe(200);
  await settle();
  expect(await nextId(rita)).toBeNull();
  await lena.delete('/v1/reviewers/rita/accounts/friend?reason=by%20mistake');
  expect(await nextId(rita)).toBe('of-friend');
});

it('gives escalated cases to leads alone, and to them first', async () => {
  await lena.post('/v1/cases/by-rita/escalate', {});
  await settle();
  expect([await nextId(lena), await nextId(rob), await nextId(rob)]).toEqual(['by-rita', 'of-rita', 'mild']);
  expect(await nextId(rob)).toBeNull();
});

it('needs the skill of a queue', async () => {
  expect(codeOf(await next(rita, 'severe'))).toEqual([409, 'skill-needed']);
  expect(codeOf(await rita.post('/v1/cases/abusive/claim'))).toEqual([409, 'skill-needed']);
  const skills = { skills: ['trained'], languages: ['cy'], reason: 'trained' };
  expect((await lena.put('/v1/reviewers/rita/skills', skills)).status).toBe(200);
  expect((await next(rita, 'severe')).body).toMatchObject({ claim: null });
});

it('gives the most severe cases to those alone who have the skill that administrators grant', async () => {
  expect(codeOf(await rita.post('/v1/cases/abusive/claim'))).toEqual([409, 'severe-content']);
  expect(codeOf(await lena.post('/v1/cases/abusive/claim'))).toEqual([409, 'skill-needed']);
  const all = { skills: ['trained', 'severe'], languages: ['cy'], reason: 'trained for it' };
  const set = (by: Client, body = all) => by.put('/v1/reviewers/rita/skills', body);
  expect(codeOf(await set(lena))).toEqual([409, 'skill-reserved']);
  const { etag } = (await lena.get('/v1/reviewers/rita')).body;
  const granted = await set(gatehouse.administrator);
  expect(granted.status).toBe(200);
  const shown = (await lena.get('/v1/reviewers/rita')).body;
  expect(shown).toMatchObject({ skills: ['severe', 'trained'], languages: ['cy'] });
  expect(Number(shown.position)).toBeGreaterThanOrEqual(Number(granted.body.position));
  expect((await lena.get('/v1/severe-viewers')).body.items).toMatchObject([
    { person: 'rita', by: 'administrator', reason: 'trained for it' },
  ]);
  // Who read the profile before does not know of the skill.
  const stale = { 'if-match': etag };
  const before = { ...all, skills: ['trained', 'other'] };
  expect(codeOf(await gatehouse.administrator.put('/v1/reviewers/rita/skills', before, stale))[1]).toBe(
    'changed-meanwhile',
  );
  expect((await lena.put('/v1/reviewers/rita/skills', all, { 'if-match': shown.etag })).status).toBe(200);
  // What they have, others may name again, and leave in only.
  expect((await set(lena)).body.position).toBe(granted.body.position);
  expect(codeOf(await set(lena, { ...all, skills: ['trained'] }))).toEqual([409, 'skill-reserved']);
  expect((await set(lena, { ...all, languages: ['cy', 'en'] })).status).toBe(200);
  // A request that was interrupted between its two streams has changed the first half, and its repeat the second.
  const { etag: first } = (await lena.get('/v1/reviewers/rita')).body;
  const half = { reason: 'interrupted' };
  expect((await gatehouse.administrator.delete('/v1/severe-viewers/rita?reason=interrupted')).status).toBe(200);
  const repeat = (more: object) =>
    gatehouse.administrator.put('/v1/reviewers/rita/skills', { ...all, ...half, ...more }, { 'if-match': first });
  const without = { skills: ['trained'], languages: ['en'] };
  expect(codeOf(await repeat({ ...without, reason: 'another request' }))).toEqual([412, 'changed-meanwhile']);
  expect((await repeat(without)).status).toBe(200);
  expect((await repeat(without)).status).toBe(200);
  // By now others know less than the last change.
  expect(codeOf(await repeat({ ...without, languages: ['cy'] }))).toEqual([412, 'changed-meanwhile']);
  expect((await set(gatehouse.administrator)).status).toBe(200);
  // The other way to the same skill.
  expect((await gatehouse.administrator.delete('/v1/severe-viewers/rita?reason=again')).status).toBe(200);
  expect((await lena.get('/v1/reviewers/rita')).body.skills).toEqual(['trained']);
  expect((await next(rita, 'severe')).body).toMatchObject({ claim: null });
  expect((await gatehouse.administrator.put('/v1/severe-viewers/rita', { reason: 'again' })).status).toBe(200);
  expect((await lena.get('/v1/reviewers/rita')).body.skills).toEqual(['severe', 'trained']);
  expect(await nextId(rita, 'severe')).toBe('abusive');
});

it('lists cases by queue, category, reviewer, account, age and escalation', async () => {
  await settle();
  expect(await listed('queue=severe')).toEqual(['abusive']);
  expect(await listed('category=abuse')).toEqual(['abusive']);
  expect(await listed('account=friend')).toEqual(['of-friend']);
  expect(await listed('escalated=true')).toEqual(['by-rita']);
  expect(await listed('openedBefore=2022-05-18T09:00:30Z')).toEqual(['early']);
  expect(await listed('openedAfter=2022-05-18T09:02:00Z')).toEqual(['by-rita', 'of-friend', 'of-rita']);
  expect(await listed('reviewer=rob&status=claimed')).toEqual(['of-rita', 'mild']);
  const mine = (await rita.get('/v1/cases?mine=true')).body.items.map((one: { caseId: string }) => one.caseId);
  expect(mine.sort()).toEqual(['abusive', 'mild', 'of-friend']);
  expect(await listed('reviewer=rita&status=open')).toEqual([]);
  expect(await listed('status=open')).toEqual(['found']);
});

it('orders open cases by their due time', async () => {
  await flagged('late-and-mild', { categories: ['other'] });
  now += MINUTE_MS;
  await flagged('later-and-worse', {});
  await settle();
  const open = await listed('status=open&queue=default');
  expect(open).toEqual(['later-and-worse', 'late-and-mild']);
  expect(await nextId(rob)).toBe('later-and-worse');
});

it('moves a case to a queue by hand, whose panel decides it', async () => {
  const queues = [...QUEUES.queues, { id: 'second-look', panel: 2 }];
  await lena.put('/v1/queues', { ...QUEUES, queues, reason: 'two reviewers' });
  await flagged('moved');
  await settle();
  const hand = (body: object, by = lena) => by.post('/v1/cases/moved/handover', body);
  for (const body of [{}, { reviewer: 'rob', queue: 'second-look' }])
    expect((await hand(body)).body.errors).toMatchObject([
      { message: expect.stringContaining('either the reviewer or the queue') },
    ]);
  expect(codeOf(await hand({ queue: 'gone' }))).toEqual([404, 'queue-unknown']);
  expect(codeOf(await hand({ queue: 'second-look' }, rob))).toEqual([409, 'claim-lost']);
  const moved = await hand({ queue: 'second-look', note: 'hard to tell' });
  expect((await hand({ queue: 'second-look' })).body.position).toBe(moved.body.position);
  await flagged('moved', { flaggerKind: 'detector', flaggedBy: 'detector-1', categories: ['other'] });
  await settle();
  expect(await show('moved')).toMatchObject({ queue: 'second-look', panelSize: 2 });
  for (const reviewer of [rita, rob]) {
    const { claim } = (await next(reviewer, 'second-look')).body;
    expect(claim.caseId).toBe('moved');
    await judge(reviewer, 'moved', claim.token, 'safe');
    await settle();
  }
  expect((await show('moved')).status).toBe('dismissed');
});

it('is set, listed and worked on from the command line', async () => {
  const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli.run(...args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout;
  };
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-queues-'));
  try {
    const file = join(directory, 'queues.json');
    const listing = JSON.parse(await run('queue', 'list', '--json'));
    await writeFile(file, JSON.stringify({ ...listing, patienceHours: 48 }));
    const args = ['--reason', 'more patience', '--if-match', listing.etag];
    for (const text of ['null', '[]', '7']) {
      const strange = join(directory, 'strange.json');
      await writeFile(strange, text);
      expect((await cli.run('queue', 'set', strange, ...args)).stderr).toContain('strange.json has no JSON object');
    }
    expect(await run('queue', 'set', file, ...args)).toContain('48 hours');
    await settle();
    expect(await run('case', 'next', 'default')).toMatch(/case late-and-mild is claimed by administrator/);
    expect(await run('case', 'next', 'default')).toMatch(/no case of queue default waits for you/);
    await settle();
    expect(await run('case', 'list', '--status', 'any', '--mine')).toContain('late-and-mild');
    expect(await run('case', 'show', 'late-and-mild')).toContain('severity');
    const link = ['rob', 'acc-1', '--reason', 'a relative'];
    expect(await run('reviewer', 'link', ...link)).toContain('acc-1');
    expect(await run('reviewer', 'unlink', ...link)).not.toContain('acc-1');
    const skills = ['--skills', 'severe', '--languages', 'en,cy', '--reason', 'trained'];
    expect(await run('reviewer', 'skills', 'rob', ...skills)).toContain('cy, en');
    expect(await run('reviewer', 'show', 'rob')).toContain('severe');
    expect(await run('reviewer', 'severe-viewers')).toMatch(/rob +.*trained/);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
