import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import { StatementMappingSet } from '../../libs/regulation/mapping-events.js';
import { readSending } from '../../libs/regulation/queries/sending-row.js';
import { StatementQueued } from '../../libs/regulation/statement-events.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { hear } from '../support/hear.js';
import { judge } from '../support/judge.js';
import { startStatementDatabase } from '../support/statement-database.js';

const SECRETS = ['PROMPT-SECRET', 'COMMENT-SECRET', 'NOTE-SECRET', 'REASON-SECRET', 'mailbox-secret', 'acc-secret'];

let ahead = 0;
let database: Awaited<ReturnType<typeof startStatementDatabase>>;
let directory: string;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let rita: Client;
let hugo: Client;
let schedules: ReturnType<typeof schedulesOf>;

beforeAll(async () => {
  database = await startStatementDatabase();
  directory = await mkdtemp(join(tmpdir(), 'statements-'));
  const token = join(directory, 'token');
  await writeFile(token, `${database.token}\n`, { mode: 0o600 });
  gatehouse = await startGatehouse({
    clock: { now: () => Date.now() + ahead },
    env: {
      GATEHOUSE_DSA_URL: database.url,
      GATEHOUSE_DSA_TOKEN_FILE: token,
      GATEHOUSE_DSA_SINCE: '2022-01-01',
      GATEHOUSE_DSA_SCOPE: 'DE,FR',
      GATEHOUSE_DSA_TIMEOUT_MS: '5000',
    },
  });
  schedules = schedulesOf(gatehouse.runtime);
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
  rita = await gatehouse.as('rita', 'reviewer');
  hugo = await gatehouse.as('hugo', 'reviewer');
  const clauses = [
    { id: 'violent', title: 'No violence', severity: 2, text: 'Do not depict violence.' },
    { id: 'spam', title: 'No spam', severity: 0 },
  ];
  await operator.post('/v1/policy', { version: '1', url: 'https://example.org/policy', clauses });
  await operator.put('/v1/rollout/rate', { perWeek: 1000 });
});
afterAll(async () => {
  await gatehouse.close();
  database.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => database.heal());

const HOUR_MS = 3_600_000;

async function tick(): Promise<void> {
  await gatehouse.settle();
  for (const schedule of schedules) await schedule.tick();
  await gatehouse.settle();
}

async function confirmed(imageId: string, more: { clause?: string; flaggerKind?: string } = {}): Promise<string> {
  const email = `${imageId}-mailbox-secret@example.org`;
  const { accountId } = (await service.post('/v1/waitlist', { email })).body;
  const { flaggerKind = 'user', clause = 'violent' } = more;
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId, accountId, prompt: 'PROMPT-SECRET' }, { time: '2022-03-04T05:06:07Z' }),
    cloudEvent('ContentFlagged', {
      ...{ imageId, flaggerKind, flaggedBy: `${imageId}-acc-secret`, categories: ['violent'] },
      ...(flaggerKind === 'user' && { comment: 'COMMENT-SECRET' }),
    }),
  ]);
  await gatehouse.settle();
  const given = await judge(rita, imageId, 'unsafe', { clause, rationale: 'NOTE-SECRET' });
  expect(given.body).toMatchObject({ status: 'confirmed' });
  return accountId;
}
const statementsOf = async (enforcement: string) =>
  (await operator.get(`/v1/statements?enforcement=${enforcement}`)).body.items;
const statusesOf = async (enforcement: string) =>
  (await statementsOf(enforcement)).map(({ status }: { status: string }) => status);
const mapping = StatementMappingSet.example;

describe('statements of reasons', () => {
  it('wait for a mapping, which a dry run checks, and then follow it; the token of the file is sent', async () => {
    await confirmed('img-one');
    await tick();
    expect(await statusesOf('img-one')).toEqual(['waiting', 'waiting']);
    expect(database.calls).toEqual([]);
    const shown = (await operator.get('/v1/statement-mapping')).body;
    expect(shown).toMatchObject({ entries: [], unmapped: ['spam', 'violent'], position: '0' });
    expect(shown.waiting).toEqual([{ clause: 'violent', statements: 2 }]);
    const dryRun = await operator.post('/v1/statement-mapping/dry-runs', { entries: mapping.entries });
    expect(dryRun.body).toEqual({ unmapped: ['spam'], unknown: [], waiting: [] });
    const wrong = [{ ...mapping.entries[0], category: 'STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE' }];
    expect((await operator.post('/v1/statement-mapping/dry-runs', { entries: wrong })).status).toBe(400);
    const stale = await operator.put('/v1/statement-mapping', mapping, { 'if-match': '"000000000000-7"' });
    expect(stale.status).toBe(412);
    expect((await operator.put('/v1/statement-mapping', mapping, { 'if-match': shown.etag })).status).toBe(200);
    await tick();
    expect(await statusesOf('img-one')).toEqual(['accepted', 'accepted']);
    const [call] = database.newCalls();
    expect(call).toMatchObject({ method: 'POST', token: `Bearer ${database.token}` });
    expect(call!.statements).toHaveLength(2);
    const [account, image] = ['decision_account', 'decision_visibility'].map((field) =>
      call!.statements.find((one) => one[field] !== undefined),
    );
    expect(account).toMatchObject({
      decision_account: 'DECISION_ACCOUNT_TERMINATED',
      category: 'STATEMENT_CATEGORY_VIOLENCE',
      incompatible_content_explanation: 'Do not depict violence.',
      territorial_scope: ['DE', 'FR'],
      source_type: 'SOURCE_TYPE_OTHER_NOTIFICATION',
      automated_detection: 'No',
    });
    expect(image).toMatchObject({ content_date: '2022-03-04' });
  });

  it('say of a decision of another system what is known of it, of the account as of the image', async () => {
    const { accountId } = (await service.post('/v1/waitlist', { email: 'outside-mailbox-secret@example.org' })).body;
    const flag = { imageId: 'img-outside', flaggerKind: 'detector', flaggedBy: 'detector-1', categories: ['violent'] };
    const images = [
      cloudEvent('ImageGenerated', { imageId: 'img-outside', accountId }),
      cloudEvent('ContentFlagged', flag),
    ];
    await service.post('/v1/events', images);
    await gatehouse.settle();
    const given = cloudEvent('ReviewConfirmed', {
      ...{ caseId: 'img-outside', imageId: 'img-outside', accountId, round: 1, categories: ['violent'] },
      ...{ clause: 'violent', reviewers: ['them-1'], votes: { unsafe: 1, safe: 0, unsure: 0 } },
    });
    const { body } = await service.post('/v1/events', [given]);
    expect(body.results).toMatchObject([{ outcome: 'accepted' }]);
    await tick();
    const [puids, stored] = [
      (await statementsOf('img-outside')).map(({ statementId }: { statementId: string }) => statementId),
      [...database.stored.values()],
    ];
    expect(puids).toHaveLength(2);
    const decided = stored.filter(({ puid }) => puids.includes(puid)).map((one) => one.automated_decision);
    expect(decided).toEqual(['AUTOMATED_DECISION_PARTIALLY', 'AUTOMATED_DECISION_PARTIALLY']);
  });

  it('wait for an entry of a clause that no policy has, if another system confirmed by it, and are then sent', async () => {
    const { accountId } = (await service.post('/v1/waitlist', { email: 'theirs-mailbox-secret@example.org' })).body;
    const flag = { imageId: 'img-theirs', flaggerKind: 'detector', flaggedBy: 'detector-1', categories: ['violent'] };
    await service.post('/v1/events', [
      cloudEvent('ImageGenerated', { imageId: 'img-theirs', accountId }),
      cloudEvent('ContentFlagged', flag),
    ]);
    await gatehouse.settle();
    const given = cloudEvent('ReviewConfirmed', {
      ...{ caseId: 'img-theirs', imageId: 'img-theirs', accountId, round: 1, categories: ['violent'] },
      ...{ clause: 'their-clause', reviewers: ['them-1'], votes: { unsafe: 1, safe: 0, unsure: 0 } },
    });
    const { body } = await service.post('/v1/events', [given]);
    expect(body.results).toMatchObject([{ outcome: 'accepted' }]);
    await tick();
    expect(await statusesOf('img-theirs')).toEqual(['waiting', 'waiting']);
    expect((await operator.get('/v1/statement-mapping')).body.waiting).toEqual([
      { clause: 'their-clause', statements: 2 },
    ]);
    const theirs = [...mapping.entries, { ...mapping.entries[0], clause: 'their-clause' }];
    const set = await operator.put('/v1/statement-mapping', { entries: theirs, reason: 'theirs' });
    expect(set).toMatchObject({ status: 200 });
    expect((await operator.get('/v1/statement-mapping')).body).toMatchObject({
      unknown: ['their-clause'],
      waiting: [],
    });
    await tick();
    expect(await statusesOf('img-theirs')).toEqual(['accepted', 'accepted']);
    await operator.put('/v1/statement-mapping', mapping);
  });

  it('have nothing of a person: no prompt, comment, note, reason, address or id', async () => {
    const accountId = await confirmed('img-personal', { flaggerKind: 'detector' });
    const other = (await service.post('/v1/waitlist', { email: 'b-mailbox-secret@example.org' })).body.accountId;
    await operator.post(`/v1/accounts/${other}/suspension`, { until: '2099-01-01T00:00:00Z', reason: 'reason-secret' });
    await tick();
    const sent = JSON.stringify([...database.stored.values()]);
    for (const secret of [...SECRETS, 'reason-secret', accountId, other, 'img-personal', 'rita', 'olga'])
      expect(sent).not.toContain(secret);
    expect([...database.stored.values()].map((one) => one.automated_detection)).toContain('Yes');
    expect([...database.stored.values()]).toContainEqual(
      expect.objectContaining({ decision_account: 'DECISION_ACCOUNT_SUSPENDED', content_type: ['CONTENT_TYPE_OTHER'] }),
    );
    const stored = (await gatehouse.runtime.store.readAll(0, { types: ['StatementQueued', 'StatementAccepted'] }))
      .events;
    expect(JSON.stringify(stored.map(({ data }) => data))).not.toContain(accountId);
  });

  it('are on the receipt of the enforcement, and each is shown as it was sent', async () => {
    const receipt = (await operator.get('/v1/enforcements/img-one')).body;
    expect(receipt.submissions).toMatchObject([{ status: 'accepted' }, { status: 'accepted' }]);
    expect((await service.get('/v1/enforcements/img-one')).body.submissions).toEqual([]);
    const { statementId } = receipt.submissions[0];
    const shown = (await operator.get(`/v1/statements/${statementId}`)).body;
    expect(shown).toMatchObject({ isSent: true, submission: database.stored.get(statementId) });
    expect(shown.history.map(({ type }: { type: string }) => type)).toEqual(['StatementQueued', 'StatementAccepted']);
    expect((await operator.get('/v1/statements/none')).status).toBe(404);
  });

  it('are set aside alone if the database refuses them, with its words, and sent again by command', async () => {
    database.newCalls();
    await confirmed('img-good');
    await confirmed('img-bad', { flaggerKind: 'detector' });
    database.failing.refuses = ({ automated_detection }) => automated_detection === 'Yes';
    await tick();
    expect(await statusesOf('img-good')).toEqual(['accepted', 'accepted']);
    const refused = await statementsOf('img-bad');
    expect(refused).toMatchObject([
      { status: 'refused', errors: ['category: The selected category is invalid.'] },
      { status: 'refused' },
    ]);
    expect(database.newCalls().map(({ statements }) => statements.length)).toEqual([4, 2]);
    await tick();
    expect(database.newCalls()).toEqual([]);
    database.heal();
    const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    const listed = (await cli.run('regulation', 'statements', '--status', 'refused')).stdout;
    for (const { statementId } of refused) expect(listed).toContain(statementId);
    expect((await cli.run('regulation', 'retry', refused[0].statementId)).stdout).toContain('waits to be sent');
    await gatehouse.settle();
    const none = await cli.run('regulation', 'retry-refused', '--error', 'another error', '--json');
    expect(none.json()).toEqual({ retried: [], left: 1 });
    const all = await cli.run('regulation', 'retry-refused', '--error', 'selected category', '--json');
    expect(all.json()).toEqual({ retried: [refused[1].statementId], left: 0 });
    await tick();
    expect(await statusesOf('img-bad')).toEqual(['accepted', 'accepted']);
    expect((await operator.post(`/v1/statements/${refused[0].statementId}/retry`)).status).toBe(409);
    expect((await cli.run('regulation', 'statement', refused[0].statementId)).stdout).toContain('AUTOMATED_DECISION');
    expect((await cli.run('regulation', 'mapping')).stdout).toMatch(/STATEMENT_CATEGORY_VIOLENCE[\s\S]*spam/);
  });

  it('are found by halves if the database refuses a call without saying because of which', async () => {
    database.newCalls();
    await confirmed('img-whole-good');
    await confirmed('img-whole-bad', { flaggerKind: 'detector' });
    database.failing.refusesWhole = ({ automated_detection }) => automated_detection === 'Yes';
    await tick();
    expect(await statusesOf('img-whole-good')).toEqual(['accepted', 'accepted']);
    expect(await statementsOf('img-whole-bad')).toMatchObject([
      { status: 'refused', errors: ['Not like this.'] },
      { status: 'refused' },
    ]);
  });

  it('are not sent twice if the answer was lost: the database is asked what it has', async () => {
    await confirmed('img-lost');
    database.newCalls();
    database.failing.losesAnswers = true;
    await tick();
    expect(await statusesOf('img-lost')).toEqual(['waiting', 'waiting']);
    expect((await readSending(gatehouse.runtime.pool)).underWay).toHaveLength(2);
    const scrape = await gatehouse.as('prometheus', 'metrics');
    ahead += 60_000;
    const metrics = (await scrape.get('/metrics')).body;
    expect(metrics).toMatch(/^gatehouse_statements\{status="waiting"\} 2$/m);
    expect(Number(/^gatehouse_statements_failing_seconds (\S+)$/m.exec(metrics)![1])).toBeGreaterThan(50);
    database.heal();
    database.newCalls();
    await tick();
    const calls = database.newCalls();
    expect(calls.map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect(await statusesOf('img-lost')).toEqual(['accepted', 'accepted']);
    const [{ statementId }] = await statementsOf('img-lost');
    expect((await operator.get(`/v1/statements/${statementId}`)).body).toMatchObject({
      isSent: true,
      submission: database.stored.get(statementId),
    });
    expect((await scrape.get('/metrics')).body).toMatch(/^gatehouse_statements_failing_seconds 0$/m);
  });

  it('are sent once if the process dies before it sends them, or before it stores the answer', async () => {
    await confirmed('img-killed');
    await gatehouse.settle();
    const { pool } = gatehouse.runtime;
    const [one] = await statementsOf('img-killed');
    const { submission } = (await operator.get(`/v1/statements/${one.statementId}`)).body;
    // As a process leaves it that ended after it noted what it was about to send.
    await pool.query('UPDATE regulation.sending SET under_way = $1::jsonb', [JSON.stringify([submission])]);
    await tick();
    expect(await statusesOf('img-killed')).toEqual(['accepted', 'accepted']);
    // As one that lost even that, with a database that has one of two.
    await confirmed('img-forgotten');
    await gatehouse.settle();
    const [two] = await statementsOf('img-forgotten');
    const body = (await operator.get(`/v1/statements/${two.statementId}`)).body.submission;
    database.stored.set(two.statementId, body);
    database.newCalls();
    await tick();
    expect(database.newCalls().map(({ statements }) => statements.length)).toEqual([2, 1]);
    expect(await statusesOf('img-forgotten')).toEqual(['accepted', 'accepted']);
  });

  it('wait as long as the database asks, then later and later, and leave other statements in peace', async () => {
    await confirmed('img-later');
    database.failing.status = 429;
    database.failing.headers = { 'retry-after': '1800' };
    database.newCalls();
    await tick();
    await tick();
    expect(database.newCalls()).toHaveLength(1);
    database.heal();
    ahead += HOUR_MS / 4;
    await tick();
    expect(database.newCalls()).toEqual([]);
    ahead += HOUR_MS / 4;
    database.failing.status = 503;
    await tick();
    expect(database.newCalls()).toHaveLength(1);
    database.heal();
    ahead += HOUR_MS;
    await tick();
    expect(await statusesOf('img-later')).toEqual(['accepted', 'accepted']);
  });

  it('need a token that the database accepts, and say so', async () => {
    await confirmed('img-token');
    const token = join(directory, 'token');
    await writeFile(token, 'another', { mode: 0o600 });
    await tick();
    expect((await readSending(gatehouse.runtime.pool)).error).toContain('401');
    await writeFile(token, database.token, { mode: 0o600 });
    ahead += HOUR_MS;
    await tick();
    expect(await statusesOf('img-token')).toEqual(['accepted', 'accepted']);
  });

  it('are one for each decision, also if it was undone, and one for what replaces it', async () => {
    await confirmed('img-undone');
    await service.post('/v1/enforcements/img-undone/appeals', { text: 'mine' });
    await gatehouse.settle();
    await hear(hugo, 'img-undone', { outcome: 'granted', reason: 'REASON-SECRET' });
    await tick();
    await tick();
    expect(await statusesOf('img-undone')).toEqual(['accepted', 'accepted']);
    expect(new Set([...database.stored.keys()]).size).toBe(database.stored.size);
  });

  it('go out in calls of at most a hundred', async () => {
    database.newCalls();
    const ids = Array.from({ length: 103 }, (_, n) => `many-${String(n).padStart(3, '0')}`);
    for (const statementId of ids)
      await gatehouse.runtime.store.append([
        {
          stream: `statement-${statementId}`,
          expected: 'any',
          events: [newEvent('StatementQueued', { ...StatementQueued.example, statementId })],
        },
      ]);
    await tick();
    const sizes = database.newCalls().map(({ statements }) => statements.length);
    expect(sizes).toEqual([100, 3]);
  });
});

it('makes no statement without the database in the settings, and all of the log once it is there', async () => {
  const without = await startGatehouse();
  const admin = without.administrator;
  const site = await without.as('web-site', 'service');
  const { accountId } = (await site.post('/v1/waitlist', { email: 'd@example.org' })).body;
  await admin.post(`/v1/accounts/${accountId}/deactivation`, { reason: 'fraud' });
  await without.settle();
  expect((await admin.get('/v1/statements')).body.items).toEqual([]);
  const beside = await without.beside({
    env: {
      GATEHOUSE_DSA_URL: database.url,
      GATEHOUSE_DSA_TOKEN_FILE: join(directory, 'token'),
      GATEHOUSE_DSA_SINCE: '2022-01-01',
    },
  });
  await beside.settle();
  await without.settle();
  expect((await admin.get('/v1/statements')).body.items).toMatchObject([{ decision: 'account-terminated' }]);
  await beside.close();
  await without.close();
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
