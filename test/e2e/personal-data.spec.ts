import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const LEASE_MS = 900_000;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let operator: Client;
let service: Client;
let rita: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    env: { GATEHOUSE_CLAIM_LEASE_MS: String(LEASE_MS), GATEHOUSE_REVIEW_PANEL: '3' },
  });
  operator = await gatehouse.as('olga', 'operator');
  service = await gatehouse.as('web-site', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  await operator.put('/v1/rollout/rate', { perWeek: 1000 });
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId: 'img-1', accountId: 'acc-1', prompt: 'a horse on the moon' }),
    cloudEvent('ContentFlagged', flag('acc-8', 'the sign is hateful')),
    cloudEvent('ContentFlagged', flag('acc-9')),
    cloudEvent('ContentFlagged', flag('rob', 'mine')),
  ]);
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

const flag = (flaggedBy: string, comment?: string) => ({
  ...{ imageId: 'img-1', flaggedBy, flaggerKind: 'user', categories: ['hate'] },
  ...(comment !== undefined && { comment }),
});
const audit = async (type: string) =>
  (await gatehouse.administrator.get(`/v1/log?stream=audit&types=${type}&limit=2000`)).body.events;
const reveal = (reader: Client, level: string, caseId = 'img-1') =>
  reader.post(`/v1/cases/${caseId}/reveals`, { level, reason: 'the image alone is ambiguous' });
const refusal = (status: number, code: string) => ({ status, body: { type: expect.stringMatching(`${code}$`) } });

it('shows prompt and comments to the reviewer who has claimed the case, and to nobody else', async () => {
  expect(await reveal(rita, 'prompt')).toMatchObject(refusal(409, 'case-not-claimed'));
  await rita.post('/v1/cases/img-1/claim');
  const [rob, bob] = [await gatehouse.as('rob', 'reviewer'), await gatehouse.as('bob', 'reviewer')];
  expect(await reveal(rob, 'comments')).toMatchObject(refusal(409, 'own-flag'));
  expect(await reveal(bob, 'prompt')).toMatchObject(refusal(409, 'case-not-claimed'));
  expect(await reveal(gatehouse.administrator, 'prompt')).toMatchObject(refusal(409, 'case-not-claimed'));
  for (const other of [operator, service]) expect((await reveal(other, 'prompt')).status).toBe(403);
  expect(await reveal(rita, 'prompt', 'img-9')).toMatchObject(refusal(404, 'case-unknown'));
  expect(await audit('ContentViewed')).toEqual([]);

  expect((await reveal(rita, 'prompt')).body).toMatchObject({ prompt: 'a horse on the moon', unavailable: 0 });
  const { comments, unavailable, position } = (await reveal(rita, 'comments')).body;
  expect(unavailable).toBe(0);
  expect(comments).toMatchObject([
    { flaggedBy: expect.stringMatching(/^flagger-/), comment: 'the sign is hateful' },
    { flaggedBy: expect.stringMatching(/^flagger-/), comment: 'mine' },
  ]);
  const reason = 'the image alone is ambiguous';
  const actor = { kind: 'user', id: 'rita', role: 'reviewer' };
  const viewed = await audit('ContentViewed');
  expect(viewed).toMatchObject([
    { data: { caseId: 'img-1', level: 'prompt', reason }, metadata: { actor } },
    { data: { caseId: 'img-1', level: 'comments', reason }, metadata: { actor }, position },
  ]);
  expect(JSON.stringify(viewed)).not.toMatch(/horse|sign/);
});

it('shows nothing that the log can’t record', async () => {
  const append = jest.spyOn(gatehouse.runtime.store, 'append');
  append.mockRejectedValue(new StoreUnavailable('the log is away'));
  const answer = await reveal(rita, 'prompt');
  append.mockRestore();
  expect(answer.status).toBe(503);
  expect(JSON.stringify(answer.body)).not.toContain('horse');
});

it('counts what was erased', async () => {
  await gatehouse.forget('acc-1');
  await gatehouse.forget('acc-8');
  expect((await reveal(rita, 'prompt')).body).toMatchObject({ prompt: null, unavailable: 1 });
  const { comments, unavailable } = (await reveal(rita, 'comments')).body;
  expect([comments.map(({ comment }: { comment: string }) => comment), unavailable]).toEqual([['mine'], 1]);
});

it('shows what reviewers wrote to those who may know of it, and to leads, also of a closed case', async () => {
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId: 'img-2', accountId: 'acc-2' }),
    cloudEvent('ContentFlagged', { ...flag('acc-9'), imageId: 'img-2' }),
  ]);
  await gatehouse.settle();
  const lena = await gatehouse.as('lena', 'lead');
  const notesFor = async (reader: Client) => {
    const { notes, claimUntil } = (await reveal(reader, 'notes', 'img-2')).body;
    return [notes.map(({ note, rationale }: Record<string, string>) => note ?? rationale), claimUntil !== null];
  };
  const hasNotes = async (reader: Client) => (await reader.get('/v1/cases/img-2/review')).body.hasNotes;
  const judge = async (reader: Client, words: object) => {
    const { token } = (await reader.post('/v1/cases/img-2/claim')).body;
    const given = await reader.post('/v1/cases/img-2/verdicts', { token, verdict: 'unsafe', clause: 'hate', ...words });
    expect(given).toMatchObject({ status: 200 });
  };
  const [bob, ria] = [await gatehouse.as('bob', 'reviewer'), await gatehouse.as('ria', 'reviewer')];
  const { token: held } = (await rita.post('/v1/cases/img-2/claim')).body;
  await rita.post('/v1/cases/img-2/handover', { token: held, reviewer: 'bob', note: 'in Welsh' });
  await judge(bob, { rationale: 'the sign says so' });
  expect([await hasNotes(ria), await hasNotes(lena)]).toEqual([true, true]);
  expect(await notesFor(lena)).toEqual([['in Welsh', 'the sign says so'], false]);
  await ria.post('/v1/cases/img-2/claim');
  // Who is still to judge reads the hand-over, not the verdict.
  expect(await notesFor(ria)).toEqual([['in Welsh'], true]);
  expect(await reveal(rita, 'notes', 'img-2')).toMatchObject(refusal(409, 'case-not-claimed'));
  await judge(ria, { rationale: 'a slur' });
  await judge(rita, { rationale: 'both of it', note: 'ask Bob' });
  await gatehouse.settle();
  await gatehouse.forget('ria');
  const { notes, unavailable } = (await reveal(lena, 'notes', 'img-2')).body;
  expect([notes.at(-1), notes.length, unavailable]).toEqual([
    { type: 'VerdictGiven', writtenBy: 'rita', at: expect.any(String), rationale: 'both of it', note: 'ask Bob' },
    3,
    1,
  ]);
  const viewed = await audit('ContentViewed');
  expect(viewed.at(-1)).toMatchObject({
    data: { caseId: 'img-2', level: 'notes' },
    metadata: { actor: { id: 'lena' } },
  });
  expect(JSON.stringify(viewed)).not.toMatch(/Welsh|sign|slur/);
  expect((await rita.get('/v1/reviewers/me/exposure')).body.today).toMatchObject({ prompts: 2, comments: 2 });
});

it('shows nothing after the claim has ended', async () => {
  now += LEASE_MS;
  expect(await reveal(rita, 'prompt')).toMatchObject(refusal(409, 'case-not-claimed'));
});

it('gives an operator the addresses of a cohort, and records whose', async () => {
  const accounts: string[] = [];
  for (const name of ['ada', 'ben', 'cem', 'dan'])
    accounts.push((await service.post('/v1/waitlist', { email: `${name}@example.org`, locale: 'de' })).body.accountId);
  const [ada, ben, cem, dan] = accounts as [string, string, string, string];
  await gatehouse.settle();
  await operator.post('/v1/cohorts', { cohortId: 'week-20', accounts });
  await gatehouse.settle();
  await operator.put(`/v1/accounts/${ben}/address`, { email: 'ben@example.net' });
  await operator.post(`/v1/accounts/${cem}/deactivation`, { reason: 'operator-decision' });
  await gatehouse.forget(dan);

  const exported = (caller: Client, more = {}) =>
    caller.post('/v1/cohorts/week-20/address-exports', { reason: 'invitations', ...more });
  expect((await exported(operator)).body).toEqual({
    cohortId: 'week-20',
    part: 0,
    items: [
      { accountId: ada, email: 'ada@example.org', locale: 'de' },
      { accountId: ben, email: 'ben@example.net', locale: 'de' },
    ],
    withheld: [
      { accountId: cem, why: 'deactivated' },
      { accountId: dan, why: 'erased' },
    ],
  });
  expect(await audit('AddressRead')).toMatchObject([
    {
      data: { accounts: [ada, ben], cohortId: 'week-20', reason: 'invitations' },
      metadata: { actor: { kind: 'user', id: 'olga', role: 'operator' } },
    },
  ]);
  expect((await exported(operator, { part: 1 })).body).toMatchObject({ items: [], withheld: [] });
  for (const other of [rita, service, await gatehouse.as('carol', 'compliance')])
    expect((await exported(other)).status).toBe(403);
  const unknown = await operator.post('/v1/cohorts/week-99/address-exports', { reason: 'invitations' });
  expect(unknown).toMatchObject(refusal(404, 'cohort-unknown'));
  expect(await operator.post('/v1/cohorts/week-20/address-exports', {})).toMatchObject({ status: 400 });
  expect(await audit('AddressRead')).toHaveLength(1);
});

it('exports the addresses of the line in its order, part by part, without hold-outs and those who withdrew', async () => {
  const join = async (name: string, more = {}) =>
    (await operator.post('/v1/waitlist', { email: `${name}@example.org`, ...more })).body.accountId as string;
  const before = (await audit('AddressRead')).length;
  const line = [await join('line-1', { class: 'campaign' }), await join('line-2', { class: 'campaign' })];
  const late = await join('line-3', { class: 'campaign', priority: 0 });
  const gone = await join('line-4', { class: 'campaign' });
  const held = await join('line-5', { class: 'campaign' });
  await gatehouse.settle();
  await operator.post('/v1/waitlist/classes', { class: 'hold-out', accounts: [held], reason: 'a test' });
  await operator.delete(`/v1/waitlist/${gone}`);
  const part = (more = {}) =>
    operator.post('/v1/waitlist/address-exports', { reason: 'a campaign', class: 'campaign', limit: 2, ...more });
  const first = (await part()).body;
  expect(first.items).toEqual([
    { accountId: late, class: 'campaign', email: 'line-3@example.org', locale: null },
    { accountId: line[0], class: 'campaign', email: 'line-1@example.org', locale: null },
  ]);
  await gatehouse.settle();
  const second = (await part({ cursor: first.nextCursor })).body;
  expect(second).toEqual({ items: [expect.objectContaining({ accountId: line[1] })], withheld: [] });
  expect((await part({ cursor: first.nextCursor, class: 'others' })).status).toBe(400);
  expect((await audit('AddressRead')).slice(before)).toMatchObject([
    { data: { accounts: [late, line[0]], reason: 'a campaign' }, metadata: { actor: { id: 'olga' } } },
    { data: { accounts: [line[1]], reason: 'a campaign' } },
  ]);
  for (const other of [rita, service, await gatehouse.as('carol', 'compliance')])
    expect((await other.post('/v1/waitlist/address-exports', { reason: 'a campaign' })).status).toBe(403);
  const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const printed = async (...more: string[]) =>
    (await cli.run('waitlist', 'addresses', '--class', 'campaign', '--reason', 'a campaign', ...more)).stdout
      .trimEnd()
      .split('\n');
  const everybody = [late, ...line];
  expect((await printed()).map((row) => row.split(',')[0])).toEqual(['accountId', ...everybody]);
  expect((await printed('--json')).map((row) => JSON.parse(row).accountId)).toEqual(everybody);
  await operator.post(`/v1/accounts/${late}/deactivation`, { reason: 'fraud' });
  const rows = (await printed('--json')).map((row) => JSON.parse(row));
  expect(rows.map(({ accountId }) => accountId)).not.toContain(late);
});

it('records who read the bytes of an entry in quarantine, and why', async () => {
  const wrong = cloudEvent('ImageShared', { imageId: 'not an id', accountId: 'acc-1' });
  const { quarantineId } = (await service.post('/v1/events', wrong)).body.results[0];
  const { body } = await operator.get(`/v1/quarantine/${quarantineId}?reason=a%20sender%20asks`);
  expect(body.raw).toContain('not an id');
  await operator.delete(`/v1/quarantine/${quarantineId}`);
  // No bytes are left to read.
  expect((await operator.get(`/v1/quarantine/${quarantineId}`)).body.raw).toBeUndefined();
  expect(
    (await audit('ContentViewed')).filter(({ data }: { data: { entryId?: string } }) => data.entryId),
  ).toMatchObject([
    {
      data: { entryId: quarantineId, level: 'quarantined', reason: 'a sender asks' },
      metadata: { actor: { id: 'olga', role: 'operator' } },
    },
  ]);
});
