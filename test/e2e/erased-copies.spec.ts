import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import pg from 'pg';
import { ApiClient } from '../../libs/cli/api-client.js';
import { FORMATS, type Format, openPart } from '../../libs/exports/cli/part-file.js';
import { exportLog } from '../../libs/log-transfer/export-log.js';
import { LogFileWriter } from '../../libs/log-transfer/log-file.js';
import { settled } from '../../libs/operations/cli.js';
import { addCheckpointText } from '../../libs/proof/tlog/add-checkpoint.js';
import { parseVerifier } from '../../libs/proof/tlog/signed-note.js';
import { startWitness } from '../../libs/proof/witness/start-witness.js';
import { hasText } from '../support/clear-text.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { until } from '../support/until.js';

/* Every copy of the data that Gatehouse makes is searched: those from before an erasure too, which it can't reach. */

const WHERE = ['address', 'reason', 'prompt', 'comment', 'note', 'rationale', 'appeal', 'quarantine'] as const;
/** Copies that name nobody: hashes, sums, keys. The feed of events shows none of these ids. */
const WITHOUT_IDS = new Set([
  ...[
    'events',
    'tiles',
    'report',
    'transparency report',
    'files of the service',
    'log of the database server',
    'witness',
  ],
]);
const marker = (where: (typeof WHERE)[number]) => `the-marker-of-the-${where}-5d1b7c3e`;
/** Of its own: the server is that of other specs too. */
const PLANTED = 'the-marker-that-was-planted-in-the-log-of-the-server-77de68da';
const ADDRESS = `${marker('address')}@example.org`;

let gatehouse: TestGatehouse;
let folder: string;
let ada: string;
let cli: ReturnType<typeof commandLineFor>;
let carol: Client;
let api: ApiClient;
const logged: string[] = [];

const why = ['--reason', 'a spec'];
const run = async (...args: string[]) => {
  const result = await cli.run(...args, '--json');
  expect([args, result.code, result.stderr]).toEqual([args, 0, '']);
  return result;
};

/** All of it, as an operator may have it: what `pg_dump` writes is the output of COPY for each table. */
async function dump(directory: string, schemas = '%'): Promise<string> {
  const superuser = new pg.Client(gatehouse.database.superuser);
  await superuser.connect();
  const parts: string[] = [];
  const { rows } = await superuser.query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname LIKE $1 ORDER BY 1`,
    [schemas],
  );
  for (const [n, { name }] of rows.entries()) {
    const path = join(directory, `table-${n}`);
    for (const format of ['text', 'binary']) {
      await superuser.query(`COPY ${name} TO '${path}.${format}' WITH (FORMAT ${format})`);
      parts.push(await readFile(`${path}.${format}`, 'latin1'));
    }
  }
  await superuser.end();
  return parts.join('\n');
}

async function serverLog(): Promise<string> {
  const superuser = new pg.Client(gatehouse.database.superuser);
  await superuser.connect();
  const { rows } = await superuser.query('SHOW data_directory');
  await superuser.end();
  return join(dirname(rows[0].data_directory), 'postgres.log');
}

/** Every file below a directory, decompressed. */
async function contentOf(directory: string): Promise<string> {
  const parts: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    parts.push(bytes.toString('latin1'));
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) parts.push(gunzipSync(bytes).toString());
    if (path.endsWith('.parquet')) {
      const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
      parts.push(JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
    }
  }
  return parts.join('\n');
}

const DRAFT_COLUMNS = [
  { name: 'id', type: 'text', meaning: 'Its id.' },
  { name: 'data', type: 'json', meaning: 'Its data.' },
] as const;
/** More than a draft keeps in memory before it writes them. */
const DRAFTED_ROWS = 30_000;

/** Many rows, none like another, so that they are not packed into few bytes. */
const manyOf = (rows: readonly DraftRow[]): DraftRow[] =>
  Array.from({ length: DRAFTED_ROWS }, (_, n) => {
    const { id, data } = rows[n % rows.length]!;
    return { id, data: { ...data, apart: createHash('sha256').update(String(n)).digest('hex') } };
  });

interface DraftRow extends Record<string, unknown> {
  id: string;
  data: Record<string, unknown>;
}

/**
 * The draft of a part that was cut off. One in Parquet can't be read without its end: that of a copy is written, so that what the draft
 * has is read from there.
 */
async function draftOf(format: Format, directory: string, rows: readonly DraftRow[]): Promise<void> {
  const path = join(directory, `part.${format}`);
  const part = await openPart(format, path, DRAFT_COLUMNS);
  const drafted = format === 'parquet' ? manyOf(rows) : rows;
  for (let n = 0; n < drafted.length; n += 1_000) await part.add(drafted.slice(n, n + 1_000));
  if (format !== 'parquet') return part.abandon();
  await copyFile(path, join(directory, 'part.draft'));
  await part.finish();
  const [draft, whole] = [await readFile(join(directory, 'part.draft')), await readFile(path)];
  expect(draft.length).toBeGreaterThan(100_000);
  expect(whole.subarray(0, draft.length).equals(draft)).toBe(true);
}

/** The drafts of exports that were cut off: of the log, after its first page, and of a dataset, with the part it had begun. */
async function drafts(name: string): Promise<string> {
  const directory = join(folder, `${name}-drafts`);
  await mkdir(directory);
  const log = await LogFileWriter.open(join(directory, 'log'));
  const { events, next } = await gatehouse.runtime.store.readAll(0);
  await log.append(events, next);
  await log.close();
  const { events: rows } = (await carol.get('/v1/log?limit=2000')).body;
  const drafted = rows.map(({ id, data }: DraftRow) => ({ id, data }));
  for (const format of FORMATS) await draftOf(format, directory, drafted);
  return contentOf(directory);
}

/** The tables of reads as of an earlier moment, and those of a replay that was kept: they stay as they are. */
async function earlierTables(name: string, head: string): Promise<void> {
  for (const path of ['cases', 'waitlist', 'images/img-1', `accounts/${ada}`])
    await until(async () => {
      const { status, body } = await gatehouse.administrator.get(`/v1/${path}?asOf=${head}`);
      if (status !== 503) expect([path, status, body]).toEqual([path, 200, expect.anything()]);
      return status === 200;
    });
  await run('audit', 'rebuild', 'cases', 'waitlist-entries', '--at', head, '--keep', `kept_${name}`);
}

/** What a witness keeps of the log. */
async function witnessed(name: string): Promise<string> {
  const directory = join(folder, `${name}-witness`);
  const { keys } = (await run('audit', 'keys')).json();
  const logs = [parseVerifier(keys[0].verifier)!];
  const failed = (error: unknown) => {
    throw error;
  };
  const witness = await startWitness({ name: 'anna.example/w1', directory, logs, host: '127.0.0.1', port: 0, failed });
  const checkpoint = await (await fetch(`${gatehouse.url}/log/checkpoint`)).text();
  const body = addCheckpointText({ old: 0, proof: [], checkpoint });
  expect((await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body })).status).toBe(200);
  await witness.close();
  return contentOf(directory);
}

/** Copies of each kind, by what made them. */
async function copies(name: string): Promise<Map<string, string>> {
  const at = (what: string) => join(folder, `${name}-${what}`);
  const made = new Map<string, string>();
  for (const dataset of ['events', 'decisions', 'cases', 'accounts', 'moderation']) {
    for (const format of ['ndjson', 'csv', 'parquet']) {
      const path = at(`${dataset}-${format}`);
      await run('export', dataset, path, '--format', format, ...why);
      made.set(`export ${dataset} ${format}`, await contentOf(path));
    }
  }
  for (const [kind, id] of [
    ['account', ada],
    ['case', 'img-1'],
  ] as const) {
    await run('audit', 'prove', id, '--kind', kind, '--out', at(`${kind}.evidence`), ...why);
    for (const page of ['', '.html'])
      made.set(`${kind} evidence${page}`, await readFile(`${at(`${kind}.evidence`)}${page}`, 'utf8'));
  }
  await exportLog(gatehouse.runtime.store, at('log'));
  made.set('export-log', gunzipSync(await readFile(at('log'))).toString());
  await run('audit', 'publish', at('tiles'));
  made.set('tiles', await contentOf(at('tiles')));
  const { head } = (await gatehouse.administrator.get('/v1/status')).body;
  await run('report', '--at', String(head), '--out', at('report'));
  made.set('report', await contentOf(at('report')));
  const period = ['--from', '2022-01-01', '--to', '2099-12-31', '--service', 'Paintbox'];
  await run('regulation', 'report', at('tables'), ...period, ...why);
  made.set('transparency report', await contentOf(at('tables')));
  made.set('files of the service', await contentOf(gatehouse.runtime.settings.data));
  made.set('log of the database server', await readFile(await serverLog(), 'latin1'));
  await earlierTables(name, String(head));
  made.set('reads of then', await dump(folder, 'earlier\\_%'));
  made.set('kept replays', await dump(folder, 'replay\\_%'));
  made.set('dump', await dump(folder));
  made.set('drafts', await drafts(name));
  made.set('witness', await witnessed(name));
  made.set('audit search', (await run('audit', 'search', '--limit', '1000')).stdout);
  made.set('events', JSON.stringify((await gatehouse.administrator.get('/v1/events?limit=2000')).body));
  return made;
}

const leaksIn = (made: ReadonlyMap<string, string>): string[] =>
  [...made].flatMap(([name, content]) =>
    WHERE.filter((where) => hasText(Buffer.from(content, 'latin1'), marker(where))).map((where) => `${name}: ${where}`),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-copies-'));
  gatehouse = await startGatehouse({
    background: true,
    env: { GATEHOUSE_ERASURE_COOLING_HOURS: '0' },
    logSink: { write: (line) => void logged.push(line) },
  });
  const backend = { url: gatehouse.url, token: gatehouse.administratorToken };
  cli = commandLineFor(backend);
  api = new ApiClient({ ...backend, signal: new AbortController().signal });
  carol = await gatehouse.as('carol', 'compliance');
  const rita = await gatehouse.as('rita', 'reviewer');
  const service = await gatehouse.as('web-site', 'service');
  ada = (await service.post('/v1/waitlist', { email: ADDRESS, reason: marker('reason') })).body.accountId;
  const flag = { imageId: 'img-1', flaggedBy: 'acc-8', flaggerKind: 'user', categories: ['hate'] };
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId: 'img-1', accountId: ada, prompt: marker('prompt') }),
    cloudEvent('ContentFlagged', { ...flag, comment: marker('comment') }),
    cloudEvent('ImageShared', { imageId: 'not an id', accountId: ada, note: marker('quarantine') }),
  ]);
  await settled(api);
  expect(await judge(rita, 'img-1', 'unsafe', { rationale: marker('rationale'), note: marker('note') })).toMatchObject({
    status: 200,
  });
  await settled(api);
  const entries = [
    { clause: 'violent', category: 'STATEMENT_CATEGORY_VIOLENCE', ground: 'terms' },
    { category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC', ground: 'terms', explanation: 'a spec' },
  ];
  expect(await gatehouse.administrator.put('/v1/statement-mapping', { entries, reason: 'a spec' })).toMatchObject({
    status: 200,
  });
  const appeal = { text: marker('appeal'), accountId: ada };
  const filed = await service.post('/v1/enforcements/img-1/appeals', appeal);
  expect([filed.status, filed.body]).toEqual([200, expect.anything()]);
  await settled(api);
});
afterAll(async () => {
  await gatehouse?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a copy of the data', () => {
  it('has nothing in clear that anybody wrote, whether it was made before an erasure or after', async () => {
    const before = await copies('before');
    // What is there in clear is found, so that what is not found is not there.
    for (const [name, content] of before)
      if (!WITHOUT_IDS.has(name))
        expect([name, content.includes('img-1') || content.includes(ada)]).toEqual([name, true]);
    expect(leaksIn(before)).toEqual([]);

    expect((await carol.post(`/v1/persons/${ada}/erasure`, { reason: 'the person asked for it' })).status).toBe(200);
    await until(async () => (await carol.get(`/v1/persons/${ada}/erasure`)).body.status === 'erased');
    await settled(api);
    expect(leaksIn(await copies('after'))).toEqual([]);

    // What answers in clear as long as there is a key.
    const own = (await carol.post(`/v1/persons/${ada}/exports`, { reason: 'request-1' })).body;
    expect(own.events.length).toBeGreaterThan(3);
    const quarantine = (await carol.get('/v1/quarantine')).body;
    expect(
      leaksIn(
        new Map([
          ['export of the person', JSON.stringify(own)],
          ['quarantine', JSON.stringify(quarantine)],
        ]),
      ),
    ).toEqual([]);
    expect(logged).not.toEqual([]);
    expect(leaksIn(new Map([['output', logged.join('\n')]]))).toEqual([]);
  });

  it('that had it in clear would be found', async () => {
    const planted = {
      'in clear': ADDRESS,
      base64: Buffer.from(`x${ADDRESS}`).toString('base64'),
      hex: Buffer.from(ADDRESS).toString('hex'),
    };
    expect(leaksIn(new Map(Object.entries(planted)))).toEqual(Object.keys(planted).map((name) => `${name}: address`));
  });

  it('of which one file had it would be found, however deep it is and whatever it is packed in', async () => {
    const tile = join(folder, 'planted', 'tile', '0', 'x001');
    await mkdir(tile, { recursive: true });
    await writeFile(join(tile, '234'), Buffer.concat([Buffer.alloc(32, 0xff), Buffer.from(marker('prompt'))]));
    await writeFile(join(folder, 'planted', 'part'), gzipSync(Buffer.from(marker('comment')).toString('base64')));
    const row = { id: 'e-1', data: { note: marker('note') } };
    await draftOf('parquet', join(folder, 'planted'), [row]);
    const made = new Map([['planted', await contentOf(join(folder, 'planted'))]]);
    expect(leaksIn(made)).toEqual(['planted: prompt', 'planted: comment', 'planted: note']);
  });

  it('that the database server logs would be found there', async () => {
    const superuser = new pg.Client(gatehouse.database.superuser);
    await superuser.connect();
    await superuser.query(`DO $$ BEGIN RAISE LOG 'as a careless function may: %', '${PLANTED}'; END $$`);
    await superuser.end();
    expect(await readFile(await serverLog(), 'latin1')).toContain(PLANTED);
  });
});
