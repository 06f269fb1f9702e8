import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ApiClient } from '../../libs/cli/api-client.js';
import { settled } from '../../libs/operations/cli.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let directory: string;
let cli: ReturnType<typeof commandLineFor>;
let api: ApiClient;
let cleo: Client;

const send = async (...events: unknown[]) => {
  const { body } = await gatehouse.administrator.post('/v1/events', events);
  expect(JSON.stringify(body)).not.toMatch(/refused|rejected|quarantined/);
};
const image = (type: string, n: number, more = {}) =>
  cloudEvent(type, { imageId: `img-${n}`, accountId: `acc-${n}`, ...more });
const flag = (n: number) =>
  cloudEvent('ContentFlagged', { imageId: `img-${n}`, flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['hate'] });
const judge = (n: number, verdict: string) =>
  cloudEvent('VerdictGiven', { caseId: `img-${n}`, reviewer: `outside-${n}`, verdict });

// biome-ignore lint/suspicious/noExplicitAny: events of every type
const logTo = async (position: number): Promise<any[]> => {
  const { body } = await cleo.get('/v1/log?limit=2000');
  return body.events.filter((event: { position: number }) => event.position <= position);
};
const head = async () => String((await cleo.get('/v1/log?limit=2000')).body.events.at(-1).position);

/** The figures by their definitions, without any of the views. */
async function recount(position: string) {
  const events = await logTo(Number(position));
  const of = (...types: string[]) => events.filter(({ type }) => types.includes(type));
  const distinct = (found: { data: Record<string, string> }[], key: string) =>
    new Set(found.map(({ data }) => data[key]!));
  const within = (some: Set<string>, others: Set<string>) => new Set([...some].filter((one) => others.has(one)));
  const cases = (...types: string[]) => within(distinct(of(...types), 'caseId'), flagged);
  const exposures = of('ImageDownloaded', 'ImageShared');
  const exposed = distinct(
    exposures.filter(({ data }) => (data.audience ?? 'public') === 'public'),
    'imageId',
  );
  const flagged = within(distinct(of('ContentFlagged'), 'imageId'), exposed);
  const confirmed = cases('ReviewConfirmed');
  const decided = cases('ReviewConfirmed', 'ReviewDismissed', 'ModelProblemFound');
  return {
    people: distinct(of('AccountOnboarded'), 'accountId').size,
    rate: of('OnboardingRateSet').at(-1)?.data.perWeek ?? null,
    generated: distinct(of('ImageGenerated'), 'imageId').size,
    exposed: exposed.size,
    'flagged-share': [flagged.size, exposed.size],
    'confirmed-share': [confirmed.size, decided.size],
    'violation-rate': [confirmed.size, exposed.size],
    deactivated: distinct(of('AccountDeactivated'), 'accountId').size,
  };
}
type Figure = { name: string; count: number | null; share: { hits: number; of: number } | null };
const figuresOf = ({ figures }: { figures: Figure[] }) =>
  Object.fromEntries(figures.map(({ name, count, share }) => [name, share ? [share.hits, share.of] : count]));

const run = async (code: number, ...args: string[]) => {
  const result = await cli.run('report', ...args, '--json');
  expect([args, result.code, result.stderr]).toEqual([args, code, '']);
  return result.json();
};
const path = (name: string) => join(directory, name);
const content = async (folder: string) => {
  const names = (await readdir(path(folder))).filter((name) => name !== 'report.evidence').sort();
  return Promise.all(names.map(async (name) => [name, await readFile(join(path(folder), name), 'utf8')]));
};

let first: string;
let second: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-reports-'));
  gatehouse = await startGatehouse({ background: true });
  const backend = { url: gatehouse.url, token: gatehouse.administratorToken };
  cli = commandLineFor(backend);
  api = new ApiClient({ ...backend, signal: new AbortController().signal });
  cleo = await gatehouse.as('cleo', 'compliance');
  await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 100 });
  const numbers = [1, 2, 3, 4, 5, 6];
  for (const n of numbers)
    await send(cloudEvent('WaitlistJoined', { accountId: `acc-${n}`, email: `acc-${n}@example.org` }));
  await gatehouse.administrator.post('/v1/cohorts', { cohortId: 'first', accounts: ['acc-1', 'acc-2', 'acc-3'] });
  await send(...numbers.map((n) => image('ImageGenerated', n)), ...[1, 2, 3].map((n) => image('ImageShared', n)));
  await send(image('ImageShared', 4, { audience: 'link' }), flag(1), flag(1), flag(2), flag(4));
  await send(judge(1, 'unsafe'), judge(4, 'unsafe'));
  await settled(api);
  first = await head();
});
afterAll(async () => {
  await gatehouse?.close();
  await rm(directory, { recursive: true, force: true });
});

it('counts the figures as of a position from the log, the same to the byte whatever was stored since', async () => {
  const before = await run(0, '--at', first, '--out', path('before'));
  expect(figuresOf(before.report)).toEqual(await recount(first));
  expect(figuresOf(before.report)).toMatchObject({
    ...{ people: 3, rate: 100, generated: 6, exposed: 3, deactivated: 2 },
    ...{ 'flagged-share': [2, 3], 'confirmed-share': [1, 1], 'violation-rate': [1, 3] },
  });
  expect(before.report.figures[5].share.bounds).toEqual({ low: 0.5, high: 1 });
  expect(before.publication).toBeNull();
  await send(image('ImageDownloaded', 5), flag(5), judge(5, 'unsafe'), judge(2, 'safe'));
  await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 200, reason: 'the gate allows it' });
  await settled(api);
  await run(0, '--at', first, '--out', path('after'));
  expect(await content('after')).toEqual(await content('before'));
  expect((await content('after')).map(([name]) => name)).toEqual(['report.html', 'report.json', 'report.txt']);
  second = await head();
});

it('publishes a report once, as an event with its figures, its digest and who published it', async () => {
  const { body } = await cleo.post('/v1/reports', { at: first });
  const again = await cleo.post('/v1/reports', { at: first });
  expect(again).toMatchObject({ status: 200, body });
  const events = (await logTo(Number.MAX_SAFE_INTEGER)).filter(({ type }) => type === 'ReportPublished');
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    data: { reportId: first, position: Number(first), sha256: body.sha256, figures: { people: 3, waiting: 1 } },
    metadata: { actor: { id: 'cleo', role: 'compliance' } },
  });
  expect((await run(0, 'list')).reports).toEqual([body.publication]);
  expect(await run(0, 'show', first)).toMatchObject({ text: body.text, publication: { publishedBy: { id: 'cleo' } } });
});

it('compares with the last report that was published by the position', async () => {
  const between = await run(0, '--at', second);
  expect(between.report.previous).toBeNull();
  const now = await head();
  const published = await run(0, 'publish', '--at', now, '--out', path('published'), '--prove');
  expect(figuresOf(published.report)).toEqual(await recount(now));
  expect(published.report).toMatchObject({ previous: { reportId: first } });
  expect(published.report.figures.map(({ change }: { change: string }) => change)).toMatchObject([
    ...['unchanged since the report before', '100 more than in the report before (100)'],
    ...['unchanged since the report before', '1 more than in the report before (3)'],
    expect.stringContaining('percentage points higher than in the report before (2 of 3)'),
    ...[expect.stringContaining('lower'), expect.stringContaining('higher'), '1 more than in the report before (2)'],
  ]);
  const keys = await cli.run('audit', 'keys', '--json');
  const proof = [join(path('published'), 'report.evidence'), '--key', keys.json().keys[0].verifier, '--json'];
  expect((await cli.run('audit', 'verify-bundle', ...proof)).json()).toMatchObject({ status: 'proved', events: 1 });
});

it('leaves no file if it or its proof is refused, and publishes nothing if a file is in the way', async () => {
  const count = async () => (await cleo.get('/v1/reports')).body.reports.length;
  const before = await count();
  const at = await head();
  // An operator may publish, and may not have the proof.
  const made = await gatehouse.administrator.post('/v1/tokens', { name: 'omar', person: 'omar', roles: ['operator'] });
  const token = made.body.secret;
  const omar = commandLineFor({ url: gatehouse.url, token });
  const refused = await omar.run('report', 'show', first, '--out', path('refused'), '--prove');
  expect([refused.code, await readdir(path('refused'))]).toEqual([expect.any(Number), []]);
  expect(refused.code).not.toBe(0);
  await writeFile(path('refused/report.html'), 'mine');
  const inTheWay = await cli.run('report', 'publish', '--at', at, '--out', path('refused'));
  expect([inTheWay.code, inTheWay.stderr]).toEqual([2, expect.stringContaining('report.html exists')]);
  expect(await readdir(path('refused'))).toEqual(['report.html']);
  expect(await readFile(path('refused/report.html'), 'utf8')).toBe('mine');
  expect(await count()).toBe(before);
});

it('verifies a report and each of its files against the log, and finds a changed one', async () => {
  expect(await run(0, 'verify', first)).toEqual({ reportId: first, isPublished: true, differences: [] });
  for (const [name, text] of await content('before')) {
    expect((await run(0, 'verify', join(path('before'), name!))).differences).toEqual([]);
    await writeFile(path(`changed-${name}`), text!.replace('3 images', '4 images'));
    expect((await run(7, 'verify', path(`changed-${name}`))).differences).toHaveLength(1);
  }
  expect(await run(0, '--at', second, '--out', path('unpublished'))).toMatchObject({ publication: null });
  expect(await run(0, 'verify', join(path('unpublished'), 'report.html'))).toMatchObject({ isPublished: false });
});

const GONE = '0190f3c2-6f1a-7c3e-8b1d-5a2f4c6e8d10';

/** A publication that no decision has stored. */
async function forge(data: Record<string, unknown>): Promise<void> {
  const { store } = gatehouse.runtime;
  const stream = await store.readStream('reports');
  const { metadata } = stream.at(-1)!;
  const event = { id: randomUUID(), type: 'ReportPublished', data, metadata };
  await store.append([{ stream: 'reports', expected: stream.length - 1, events: [event] }]);
}

it('finds a published report whose figures are not those of the log', async () => {
  const position = Number(await head());
  const { data } = (await logTo(position)).findLast(({ type }) => type === 'ReportPublished');
  await forge({ ...data, reportId: String(position), position, figures: { ...data.figures, flagged: 0 } });
  const { differences } = await run(7, 'verify', String(position));
  expect(differences.map(({ what }: { what: string }) => what)).toEqual(
    expect.arrayContaining(['Flagged share', 'the text', 'its digest']),
  );
});

it('says of a published report that its last event is not in this log, and what to do', async () => {
  const { data } = (await logTo(Number(first) + 1000)).find(({ type }) => type === 'ReportPublished');
  await forge({ ...data, reportId: '77', lastEvent: GONE });
  expect((await cleo.get('/v1/reports/77')).status).toBe(200);
  const { status, body } = await cleo.get('/v1/reports/77?recount=true');
  expect([status, body.type]).toEqual([410, expect.stringMatching(/reported-event-gone$/)]);
  expect(body.detail).toContain(`the last event of report 77 (${GONE})`);
  expect(body.detail).toContain('gatehouse audit verify --full');
  const { code, stderr } = await cli.run('report', 'verify', '77', '--json');
  expect([code, stderr]).toEqual([5, expect.stringContaining('reported-event-gone')]);
});

it('refuses an older position, one that is none, and other roles', async () => {
  const older = await cleo.post('/v1/reports', { at: String(Number(first) - 1) });
  expect([older.status, older.body.type]).toEqual([409, expect.stringContaining('report-superseded')]);
  for (const at of ['0', '2100-01-01T00:00:00Z', '2001-01-01T00:00:00Z', 'now'])
    expect([at, (await cleo.get(`/v1/report-preview?at=${at}`)).status]).toEqual([at, 400]);
  expect((await cleo.get('/v1/report-preview?at=999999999')).status).toBe(410);
  expect((await cleo.get('/v1/reports/7')).body.type).toContain('report-unknown');
  const lead = await gatehouse.as('lena', 'lead');
  expect((await lead.get(`/v1/report-preview?at=${first}`)).status).toBe(200);
  expect((await lead.post('/v1/reports', { at: first })).status).toBe(403);
  const { code, stderr } = await cli.run('report', 'show', first, '--prove', '--json');
  expect([code, stderr]).toEqual([2, expect.stringContaining('requires --out')]);
});
