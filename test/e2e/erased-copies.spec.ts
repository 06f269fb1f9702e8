import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import pg from 'pg';
import { ApiClient } from '../../libs/cli/api-client.js';
import { exportLog } from '../../libs/log-transfer/export-log.js';
import { settled } from '../../libs/operations/cli.js';
import { hasText } from '../support/clear-text.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { until } from '../support/until.js';

/* Every copy of the data that Gatehouse makes is searched: those from before an erasure too, which it can't reach. */

const WHERE = ['address', 'reason', 'prompt', 'comment', 'note', 'rationale', 'appeal', 'quarantine'] as const;
const marker = (where: (typeof WHERE)[number]) => `the-marker-of-the-${where}-5d1b7c3e`;
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
async function dump(directory: string): Promise<string> {
  const superuser = new pg.Client(gatehouse.database.superuser);
  await superuser.connect();
  const parts: string[] = [];
  const { rows } = await superuser.query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
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

/** Copies of each kind, by what made them. */
async function copies(name: string): Promise<Map<string, string>> {
  const at = (what: string) => join(folder, `${name}-${what}`);
  const made = new Map<string, string>();
  for (const dataset of ['events', 'decisions', 'cases', 'accounts']) {
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
  made.set('dump', await dump(folder));
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
      if (name !== 'events') expect([name, content.includes('img-1') || content.includes(ada)]).toEqual([name, true]);
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
});
