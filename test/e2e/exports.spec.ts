import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { ApiClient } from '../../libs/cli/api-client.js';
import { settled } from '../../libs/operations/cli.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let directory: string;
let cli: ReturnType<typeof commandLineFor>;
let cleo: Client;
let api: ApiClient;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-exports-'));
  gatehouse = await startGatehouse({ background: true });
  const backend = { url: gatehouse.url, token: gatehouse.administratorToken };
  cli = commandLineFor(backend);
  api = new ApiClient({ ...backend, signal: new AbortController().signal });
  cleo = await gatehouse.as('cleo', 'compliance');
  for (const id of ['acc-1', 'acc-2', 'acc-3']) await joined(id);
  for (const n of [1, 2, 3]) await flag(`img-${n}`, `acc-${n}`);
  await judge('img-1', 'unsafe');
  await judge('img-2', 'safe');
  await settled(api);
});
afterAll(async () => {
  await gatehouse?.close();
  await rm(directory, { recursive: true, force: true });
});

const send = async (...events: unknown[]) => (await gatehouse.administrator.post('/v1/events', events)).body.results;
const joined = (accountId: string) =>
  send(cloudEvent('WaitlistJoined', { accountId, email: `${accountId}@example.org`, reason: 'to "draw",\nand paint' }));
const flag = (imageId: string, accountId: string) =>
  send(
    cloudEvent('ImageGenerated', { imageId, accountId }),
    cloudEvent('ContentFlagged', { imageId, flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] }),
  );
const judge = (caseId: string, verdict: string) =>
  send(cloudEvent('VerdictGiven', { caseId, reviewer: `outside-${caseId}`, verdict }));

const reason = ['--reason', 'a spec'];
const exported = async (dataset: string, folder: string, ...options: string[]) => {
  const path = join(directory, folder);
  const result = await cli.run('export', dataset, path, ...reason, ...options, '--json');
  expect(result).toMatchObject({ code: 0 });
  return { path, manifest: result.json() };
};
const lines = async (path: string) =>
  (await readFile(path, 'utf8')).split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));

describe('gatehouse export', () => {
  it('writes every event in the order of the log, as GET /v1/log has them', async () => {
    const { path, manifest } = await exported('events', 'events');
    const rows = await lines(join(path, manifest.parts[0].file));
    expect(manifest).toMatchObject({ rows: rows.length, isComplete: true, checkpoint: expect.stringContaining('\n') });
    expect(Number(manifest.checkpointPosition)).toBeGreaterThanOrEqual(Number(manifest.range.to));
    const log = (await cleo.get('/v1/log?limit=2000')).body.events.slice(0, rows.length);
    expect(rows.map(({ id, data, metadata }) => ({ id, data, metadata }))).toEqual(
      log.map(({ id, data, metadata }: never) => ({ id, data, metadata })),
    );
    expect(rows.at(-1).position).toBeLessThanOrEqual(Number(manifest.range.to));
    const text = await readFile(join(path, manifest.parts[0].file), 'utf8');
    expect(text).not.toContain('acc-1@example.org');
  });

  it('writes the same rows as NDJSON, CSV and Parquet', async () => {
    const to = String((await cleo.get('/v1/log?limit=2000')).body.next);
    const [json, csv, parquet] = await Promise.all(
      ['ndjson', 'csv', 'parquet'].map((format) => exported('decisions', format, '--format', format, '--to', to)),
    );
    const rows = await lines(join(json!.path, json!.manifest.parts[0].file));
    expect(rows.map(({ type }) => type)).toEqual(expect.arrayContaining(['ReviewConfirmed', 'ReviewDismissed']));
    const table: Record<string, string>[] = parse(await readFile(join(csv!.path, csv!.manifest.parts[0].file)), {
      columns: true,
    });
    expect(table).toHaveLength(rows.length);
    expect(table.map((row) => ({ ...row, data: JSON.parse(row.data!) }))).toEqual(
      rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, name === 'data' ? value : String(value ?? '')]),
        ),
      ),
    );
    const file = await asyncBufferFromFile(join(parquet!.path, parquet!.manifest.parts[0].file));
    const read = await parquetReadObjects({ file });
    expect(
      read.map((row) => ({
        ...row,
        position: Number(row.position),
        time: (row.time as Date).toISOString(),
        recordedAt: (row.recordedAt as Date).toISOString(),
      })),
    ).toEqual(rows.map((row) => expect.objectContaining(withoutNulls(row))));
  });

  it('writes cases and accounts as they were at the end of the range, whatever happened since', async () => {
    const { path, manifest } = await exported('cases', 'cases');
    const rows = await lines(join(path, manifest.parts[0].file));
    expect(rows.map(({ caseId, status, accountId }) => [caseId, status, accountId])).toEqual([
      ['img-1', 'confirmed', 'acc-1'],
      ['img-2', 'dismissed', 'acc-2'],
      ['img-3', 'open', 'acc-3'],
    ]);
    const to = ['--to', manifest.range.to];
    const accounts = await exported('accounts', 'accounts', ...to);
    const before = await lines(join(accounts.path, accounts.manifest.parts[0].file));
    expect(before.find(({ accountId }) => accountId === 'acc-1')).toMatchObject({
      status: 'waiting',
      isDeactivated: true,
      deactivatedAt: expect.any(String),
    });
    await judge('img-3', 'unsafe');
    await flag('img-4', 'acc-4');
    await settled(api);
    const again = await exported('cases', 'cases-again', ...to);
    expect(again.manifest.parts).toEqual(manifest.parts);
    expect((await exported('accounts', 'accounts-again', ...to)).manifest.parts).toEqual(accounts.manifest.parts);
    const [changed] = await lines(
      `${(await exported('cases', 'new', '--from', manifest.range.to)).path}/cases-00001.ndjson`,
    );
    expect(changed).toMatchObject({ caseId: 'img-4', status: 'open' });
  });

  it('goes on after the last whole part, and says what differs', async () => {
    const whole = await exported('events', 'whole', '--part-rows', '1');
    const { path, manifest } = whole;
    // What a process leaves that is stopped while it writes.
    const manifestPath = join(path, 'manifest.json');
    const { isComplete: _, ...stopped } = manifest;
    await writeFile(manifestPath, JSON.stringify({ ...stopped, parts: [], rows: 0, isComplete: false }));
    await writeFile(join(path, 'events-00001.ndjson.new'), 'half');
    const repeated = await exported('events', 'whole', '--part-rows', '1');
    expect(repeated.manifest.parts).toEqual(manifest.parts);
    expect(await readdir(path)).toEqual(['events-00001.ndjson', 'manifest.json']);
    expect((await stat(join(path, 'events-00001.ndjson'))).mode & 0o777).toBe(0o600);
    expect((await cli.run('export', 'verify', path)).code).toBe(0);
    await writeFile(join(path, 'events-00001.ndjson'), 'other');
    expect(await cli.run('export', 'verify', path)).toMatchObject({
      code: 7,
      stdout: expect.stringContaining('bytes'),
    });
    const range = await cli.run('export', 'events', path, ...reason, '--to', '1');
    expect(range).toMatchObject({ code: 2, stderr: expect.stringContaining('from the first event to the newest') });
    const other = await cli.run('export', 'cases', path, ...reason);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('has an export of events as ndjson') });
    expect((await cli.run('export', 'verify', join(directory, 'none'))).code).toBe(2);
    // Somebody else's files stay as they are.
    const foreign = await mkdtemp(join(directory, 'foreign-'));
    await writeFile(join(foreign, 'notes.new'), 'mine');
    expect(await cli.run('export', 'events', foreign, ...reason)).toMatchObject({ code: 2 });
    expect(await readdir(foreign)).toEqual(['notes.new']);
  });
});

describe('an export', () => {
  const body = { exportId: 'request-1', dataset: 'events', reason: 'a spec' };

  it('is recorded before its rows are given out, to who made it only', async () => {
    expect((await (await gatehouse.as('olga', 'operator')).post('/v1/exports', body)).status).toBe(403);
    const made = await cleo.post('/v1/exports', body);
    expect(made).toMatchObject({ status: 200, body: { exportId: 'request-1', after: '0' } });
    const repeated = await cleo.post('/v1/exports', body);
    expect(repeated.body).toEqual(made.body);
    expect(codeOf(await cleo.post('/v1/exports', { ...body, dataset: 'cases' }))).toEqual([409, 'export-differs']);
    expect(codeOf(await gatehouse.administrator.get('/v1/exports/request-1/rows'))).toEqual([409, 'export-of-another']);
    expect(codeOf(await cleo.get('/v1/exports/none/rows'))).toEqual([404, 'export-unknown']);
    const { next } = (await cleo.get('/v1/log?stream=export-request-1')).body;
    expect(next).toBe('1');
    await settled(api);
    const { items } = (await cleo.get('/v1/exports?by=cleo')).body;
    expect(items[0]).toMatchObject({ exportId: 'request-1', madeBy: 'cleo', reason: 'a spec' });
  });

  it('names what is wrong with its range or a place', async () => {
    const refused = async (range: object) =>
      codeOf(await cleo.post('/v1/exports', { ...body, exportId: 'x', ...range }));
    expect(await refused({ to: '999999999' })).toEqual([410, 'position-gone']);
    expect(await refused({ from: '5', to: '2' })).toEqual([400, 'invalid-input']);
    expect(await refused({ from: 'yesterday' })).toEqual([400, 'invalid-input']);
    await cleo.post('/v1/exports', { ...body, exportId: 'places', dataset: 'cases' });
    expect(codeOf(await cleo.get('/v1/exports/places/rows?place=%00'))).toEqual([400, 'invalid-input']);
    expect(codeOf(await cleo.get('/v1/exports/request-1/rows?place=x'))).toEqual([400, 'invalid-input']);
  });

  it('is of the events that were stored from a time on', async () => {
    const [, second] = (await cleo.get('/v1/log?limit=2')).body.events;
    const made = await cleo.post('/v1/exports', { ...body, exportId: 'timed', from: second.recordedAt });
    const { rows } = (await cleo.get('/v1/exports/timed/rows?limit=1')).body;
    expect(Number(made.body.after)).toBeLessThan(Number(second.position));
    expect(rows[0].recordedAt >= second.recordedAt).toBe(true);
  });
});

const withoutNulls = (row: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
