import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { hear } from '../support/hear.js';
import { judge } from '../support/judge.js';

const DAY_MS = 86_400_000;
const STARTED = Date.now();
const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
/** It has all that happens here, also at the turn of the year, and is not over. */
const FROM = dayOf(STARTED - DAY_MS);
const PERIOD = ['--from', FROM, '--to', dayOf(STARTED + DAY_MS)];
const CASES = [
  { id: 'img-law', clause: 'violent', flagger: 'user' },
  { id: 'img-own', clause: 'violent', flagger: 'detector' },
  { id: 'img-terms', clause: 'spam', flagger: 'detector' },
  { id: 'img-granted', clause: 'spam', flagger: 'user' },
  { id: 'img-denied', clause: 'spam', flagger: 'staff' },
] as const;

let directory: string;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let cli: ReturnType<typeof commandLineFor>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'transparency-'));
  const token = join(directory, 'token');
  await writeFile(token, 'unused', { mode: 0o600 });
  gatehouse = await startGatehouse({
    env: {
      // Nothing is sent here: the statements are an independent count of the same measures.
      GATEHOUSE_DSA_URL: 'http://127.0.0.1:9/api/v1',
      GATEHOUSE_DSA_TOKEN_FILE: token,
      GATEHOUSE_DSA_SINCE: '2022-01-01',
    },
  });
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
  const [rita, hugo] = [await gatehouse.as('rita', 'reviewer'), await gatehouse.as('hugo', 'reviewer')];
  const clauses = ['violent', 'spam'].map((id) => ({ id, title: `No ${id}`, severity: 1, text: `Nothing ${id}.` }));
  await operator.post('/v1/policy', { version: '1', clauses });
  await operator.put('/v1/trusted-flaggers/img-law-flagger', { reason: 'a spec' });
  const receivedAt = new Date(STARTED).toISOString();
  await operator.put('/v1/authority-orders/order-1', { kind: 'act', country: 'DE', items: 2, receivedAt, reason: 'r' });
  await operator.put('/v1/disputes/dispute-1', { submittedAt: receivedAt, reason: 'a spec' });
  for (const { id, clause, flagger } of CASES) {
    const { accountId } = (await service.post('/v1/waitlist', { email: `${id}@example.org` })).body;
    const flag = { imageId: id, flaggerKind: flagger, categories: [clause] };
    await service.post('/v1/events', [
      cloudEvent('ImageGenerated', { imageId: id, accountId }),
      cloudEvent('ContentFlagged', { ...flag, flaggedBy: `${id}-flagger` }),
      ...(flagger === 'user' ? [cloudEvent('ContentFlagged', { ...flag, flaggedBy: `${id}-other` })] : []),
    ]);
    await gatehouse.settle();
    expect((await judge(rita, id, 'unsafe', { clause })).body).toMatchObject({ status: 'confirmed' });
    await gatehouse.settle();
  }
  const flag = { imageId: 'img-safe', flaggerKind: 'detector', flaggedBy: 'det-1', categories: ['violent'] };
  await service.post('/v1/events', [cloudEvent('ContentFlagged', flag)]);
  await gatehouse.settle();
  expect((await judge(rita, 'img-safe', 'safe')).body).toMatchObject({ status: 'dismissed' });
  const byHand = (await service.post('/v1/waitlist', { email: 'hand@example.org' })).body.accountId;
  await operator.post(`/v1/accounts/${byHand}/suspension`, { until: '2099-01-01T00:00:00Z', reason: 'fraud' });
  await gatehouse.settle();
  for (const [id, outcome] of [
    ['img-granted', 'granted'],
    ['img-denied', 'denied'],
  ] as const) {
    await service.post(`/v1/enforcements/${id}/appeals`, { text: 'mine' });
    await gatehouse.settle();
    await hear(hugo, id, { outcome, reason: 'as heard' });
    await gatehouse.settle();
  }
});
afterAll(async () => {
  await gatehouse.close();
  await rm(directory, { recursive: true, force: true });
});

const options = ['--service', 'Paintbox, "the" service', '--reason', 'a spec'];
async function tables(folder: string): Promise<Record<string, Record<string, string>[]>> {
  const files = (await readdir(folder)).filter((one) => one.endsWith('.csv')).sort();
  const read = await Promise.all(
    files.map(async (file) => [file.slice(0, 1), parse(await readFile(join(folder, file)), { columns: true })]),
  );
  return Object.fromEntries(read);
}
const total = (rows: Record<string, string>[]) => rows.find((row) => Object.values(row).includes('TOTAL'))!;
const figureOf = (rows: Record<string, string>[], indicator: string, scope: string) =>
  rows.find((row) => row.Indicator === indicator && row.Scope === scope)!.Value;
const OWN = "Number of measures taken at the provider's own initiative ";

async function allEvents(): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (let after = 0, atHead = false; !atHead; ) {
    const page = await gatehouse.runtime.store.readAll(after);
    events.push(...page.events);
    ({ next: after, atHead } = page);
  }
  return events;
}

it('needs a mapping of every clause that measures name, and says which are missing', async () => {
  const folder = join(directory, 'unmapped');
  const refused = await cli.run('regulation', 'report', folder, ...PERIOD, ...options);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(/violent|spam/);
  expect(await readdir(folder)).toEqual([]);
  for (const period of [PERIOD.slice(0, 2), PERIOD.slice(2), ['--year', '2025', ...PERIOD.slice(0, 2)], []]) {
    const wrong = await cli.run('regulation', 'report', join(directory, 'wrong'), ...period, ...options);
    expect([period, wrong.stderr]).toEqual([period, expect.stringContaining('--year')]);
  }
});

it('writes tables whose sums are those of the log, and a manifest that names position, mapping and checkpoint', async () => {
  const entries = [
    { clause: 'violent', category: 'STATEMENT_CATEGORY_VIOLENCE', ground: 'illegal', legalGround: 'a law' },
    { clause: 'spam', category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD', ground: 'terms', keywords: ['KEYWORD_PHISHING'] },
    { category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC', ground: 'terms', explanation: 'fraud' },
  ];
  expect((await operator.put('/v1/statement-mapping', { entries, reason: 'a spec' })).status).toBe(200);
  const folder = join(directory, 'whole');
  const written = await cli.run('regulation', 'report', folder, ...PERIOD, ...options, '--json');
  expect(written).toMatchObject({ code: 0 });
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  expect(written.json()).toEqual(manifest);
  expect(manifest).toMatchObject({
    service: 'Paintbox, "the" service',
    period: { from: FROM, isOver: false },
    broken: { events: 0, positions: [] },
  });
  for (const { file, sha256 } of manifest.files) {
    const text = await readFile(join(folder, file));
    expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
    expect(text.toString().split('\r\n').at(-1)).toBe('');
  }
  const { 3: orders, 4: notices, 5: illegal, 6: terms, 7: appeals, 8: automated } = await tables(folder);

  // Independently of it: by the statements that were made of the measures, and by counting the events.
  const events = await allEvents();
  const of = (type: string) =>
    events.filter((one) => one.type === type).map(({ data }) => data as Record<string, string>);
  const statements = of('StatementQueued');
  const counted = (source: string, clauses: (string | undefined)[]) =>
    statements.filter((one) => one.source === source && clauses.includes(one.clause)).length;
  expect(statements).toHaveLength(2 * CASES.length + 1);
  expect(Number(total(illegal!)[OWN])).toBe(counted('own-initiative', ['violent']));
  expect(Number(total(terms!)[OWN])).toBe(counted('own-initiative', ['spam', undefined]));
  expect(Number(total(notices!)['Number of actions taken on the basis of the law'])).toBe(
    counted('users', ['violent']),
  );
  const byTerms = 'Number of actions taken on the basis of the terms and conditions of the service';
  expect(Number(total(notices!)[byTerms])).toBe(counted('users', ['spam']));
  expect(total(terms!)).toMatchObject({
    'Account restriction Suspension': '1',
    'Account restriction Termination': '2',
    'Visibility restriction Disable': '2',
    'Number of measures taken after detection with solely automated means ': '2',
  });
  const flags = of('ContentFlagged').filter(({ flaggerKind }) => flaggerKind === 'user');
  expect(total(notices!)['Number of notices received ']).toBe(String(flags.length));
  expect(total(notices!)).toMatchObject({
    'Number of notices received from Trusted flaggers': '1',
    'Number of actions taken on the basis of the law (Trusted Flagger notices)': '2',
  });
  expect(total(orders!)).toMatchObject({
    'Number of orders to act against illegal content received': '1',
    'Number of specific items of information included in the total number of orders to act against illegal content':
      '2',
    'Number of orders to provide information': '0',
  });
  const disputed = 'Number of disputes submitted to out-of-court dispute settlement bodies';
  expect(figureOf(appeals!, disputed, 'Total number')).toBe('1');
  const submitted = 'Number of complaints submitted to the internal-complaints mechanism';
  for (const [scope, type] of [
    ['Total number', 'AppealFiled'],
    ['Decisions upheld', 'AppealDenied'],
    ['Decisions partially reversed', 'AppealPartlyGranted'],
    ['Decisions reversed', 'AppealGranted'],
  ] as const)
    expect([scope, figureOf(appeals!, submitted, scope)]).toEqual([scope, String(of(type).length)]);
  const human = 'Number of measures not taken by automated means';
  expect(figureOf(automated!, human, 'Total number')).toBe(String(statements.length));
  const decided = of('ReviewConfirmed').length + of('ReviewDismissed').length;
  expect(decided).toBe(CASES.length + 1);
  expect(figureOf(automated!, 'Accuracy of the automated means - Precision', 'Total number')).toBe('0.6667');
  for (const secret of ['img-', 'acc-', '@example.org', 'as heard'])
    for (const { file } of manifest.files) expect(await readFile(join(folder, file), 'utf8')).not.toContain(secret);
  expect(of('ExportStarted').at(-1)).toMatchObject({ dataset: 'moderation', reason: 'a spec' });
});

it('is the same for the same position, whatever happens since, and has nothing of another period', async () => {
  const { position } = JSON.parse(await readFile(join(directory, 'whole', 'manifest.json'), 'utf8'));
  const { accountId } = (await service.post('/v1/waitlist', { email: 'later@example.org' })).body;
  await operator.post(`/v1/accounts/${accountId}/deactivation`, { reason: 'fraud' });
  await gatehouse.settle();
  const again = join(directory, 'again');
  await cli.run('regulation', 'report', again, ...PERIOD, '--at', position, ...options);
  expect(await tables(again)).toEqual(await tables(join(directory, 'whole')));
  const before = join(directory, 'before');
  const last = await cli.run('regulation', 'report', before, '--year', '2021', ...options, '--json');
  expect(last.json().period).toEqual({ from: '2021-01-01', to: '2021-12-31', isOver: true });
  const { 6: terms, 7: appeals } = await tables(before);
  expect(total(terms!)[OWN]).toBe('0');
  expect(appeals!.filter(({ Value }) => Value !== '' && Value !== '0')).toEqual([]);
});

it('uses the mapping in force now for a position before there was one, or one that is named, and says so', async () => {
  await gatehouse.settle();
  const [set] = (await allEvents()).filter(({ type }) => type === 'StatementMappingSet');
  const before = String(set!.position - 1);
  const of = async (name: string, ...more: string[]) => {
    const folder = join(directory, name);
    const ran = await cli.run('regulation', 'report', folder, ...PERIOD, '--at', before, ...options, ...more);
    return { ...ran, manifest: ran.code === 0 && JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) };
  };
  const now = await of('now');
  expect(now.manifest).toMatchObject({ position: before, mapping: String(set!.position), isOtherMapping: true });
  expect(now.stdout).toContain(`that mapping was not in force at position ${before}`);
  expect(now.stdout).toContain('covers all of it');
  const named = await of('named', '--mapping', String(set!.position));
  expect(named.manifest.files).toEqual(now.manifest.files);
  const unknown = await of('unknown', '--mapping', '1');
  expect([unknown.code === 0, unknown.stderr]).toEqual([false, expect.stringContaining('no mapping is of position 1')]);
});

it('names the events that are broken, which it does not count', async () => {
  const { runtime } = gatehouse;
  const stream = 'case-broken';
  const broken = newEvent('ReviewConfirmed', { caseId: 7 });
  await runtime.store.append([{ stream, expected: 'no-stream', events: [broken] }]);
  const { position } = (await runtime.store.readStream(stream))[0]!;
  const folder = join(directory, 'broken');
  const written = await cli.run('regulation', 'report', folder, ...PERIOD, ...options);
  expect(written.stdout).toContain(`1 broken events are not counted, the first at position ${position}`);
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  expect(manifest.broken).toEqual({ events: 1, positions: [position] });
});
