import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openNamedLog } from '../../apps/composition/named-log.js';
import type { Position, RecordedEvent } from '../../libs/kernel/envelope.js';
import { hashOf } from '../../libs/kernel/ids.js';
import type { OpenedLog } from '../../libs/log-transfer/cli.js';
import { exportLog } from '../../libs/log-transfer/export-log.js';
import { importLog } from '../../libs/log-transfer/import-log.js';
import { Rebuilder } from '../../libs/projections/rebuilder.js';
import { ViewReplays } from '../../libs/projections/replays.js';
import type { View } from '../../libs/projections/view.js';
import { viewTable } from '../../libs/projections/view-tables.js';
import { cliFor } from '../support/cli-process.js';
import { type EventStoreDBProcess, startEventStoreDB } from '../support/eventstoredb/server-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { until } from '../support/until.js';
import { wholeLog } from '../support/whole-log.js';

type Row = Record<string, unknown>;

let gatehouse: TestGatehouse;
let compliance: Client;
let views: View[];
let head: Position;

beforeAll(async () => {
  gatehouse = await startGatehouse();
  compliance = await gatehouse.as('carla', 'compliance');
  const service = await gatehouse.as('images', 'service');
  const rita = await gatehouse.as('rita', 'reviewer');
  const ids = [1, 2, 3, 4];
  const flag = { flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] };
  for (const n of ids)
    await service.post('/v1/events', [
      cloudEvent('ImageGenerated', { imageId: `img-${n}`, accountId: `acc-${n % 2}`, model: 'm' }),
      cloudEvent('ContentFlagged', { imageId: `img-${n}`, ...flag }),
      cloudEvent('ImageShared', { imageId: `img-${n}`, accountId: `acc-${n % 2}` }),
    ]);
  await gatehouse.settle();
  for (const [n, verdict] of [
    [1, 'unsafe'],
    [2, 'safe'],
    [3, 'unsafe'],
  ] as const)
    expect((await judge(rita, `img-${n}`, verdict)).status).toBe(200);
  await gatehouse.settle();
  const { catalogue, store } = gatehouse.runtime;
  views = ['cases', 'images', 'safety-images', 'enforcements', 'account-standing'].map(
    (name) => catalogue.views.find((view) => view.name === name)!,
  );
  head = await store.head();
});
afterAll(() => gatehouse?.close());

const tablesOf = (view: View) => [
  { table: view.table.name, key: view.table.key as string },
  ...(view.counters ? [{ table: view.counters.name, key: 'bucket' }] : []),
];

/** Every row of every table at a position, by table and key. */
const stateAt = (position: Position) =>
  gatehouse.runtime.rebuilder.readAt(views, position, async (db) => {
    const state = new Map<string, Map<string, Row>>();
    for (const view of views)
      for (const { table, key } of tablesOf(view)) {
        const qualified = viewTable(view).replace(/\w+$/, table);
        const { rows } = await db.query({ text: `SELECT "${key}" AS key, to_jsonb(t) AS row FROM ${qualified} t` });
        state.set(`${view.name} ${table}`, new Map(rows.map(({ key: of, row }) => [of, row])));
      }
    return state;
  });

const sorted = (state: Map<string, Map<string, Row>>) =>
  [...state].map(([table, rows]) => [table, [...rows].sort(([a], [b]) => (a < b ? -1 : 1))]);

it('what changed between two positions makes the later state of the earlier one', async () => {
  const replays = gatehouse.app.get(ViewReplays);
  const places = fc.tuple(fc.integer({ min: 0, max: head }), fc.integer({ min: 0, max: head }));
  await fc.assert(
    fc.asyncProperty(places, async (two) => {
      const [from, to] = [Math.min(...two), Math.max(...two)];
      const state = await stateAt(from);
      for (const { view, table, changed, rows } of await replays.changesBetween(views, { from, to }, 10_000)) {
        expect(rows).toHaveLength(changed);
        const found = state.get(`${view} ${table}`)!;
        for (const { key, change, columns } of rows) {
          const after = Object.fromEntries(columns.map((one) => [one.column, one.after]));
          if (change === 'removed') found.delete(key);
          else found.set(key, { ...found.get(key), ...after });
        }
      }
      expect(sorted(state)).toEqual(sorted(await stateAt(to)));
    }),
    { seed: 217, numRuns: 6 },
  );
});

const finished = async (path: string, body: object) => {
  let job = (await compliance.post(path, body)).body;
  await until(async () => {
    if (job.status === 'running') job = (await compliance.get(`/v1/views/jobs/${job.id}`)).body;
    return job.status !== 'running';
  });
  expect([job.status, job.error]).toEqual(['done', undefined]);
  return job;
};

it('two replays up to a position are equal, and up to the head equal the live tables', async () => {
  const { digests } = await finished('/v1/audit/replays', { at: String(head) });
  expect(digests.length).toBeGreaterThan(gatehouse.runtime.catalogue.views.length);
  expect(digests.filter(({ equal }: { equal: boolean }) => !equal)).toEqual([]);
  const { comparisons } = await finished('/v1/views/verify', {});
  const live = comparisons.flatMap((one: { view: string; tables: { table: string; live: object }[] }) =>
    one.tables.map(({ table, live: { ...digest } }) => ({ view: one.view, table, ...digest, equal: true })),
  );
  expect(digests).toEqual(live);
  const earlier = await finished('/v1/audit/replays', { at: '1', views: ['cases'] });
  expect(earlier.digests).toMatchObject([
    { rows: 0, equal: true },
    { rows: 0, equal: true },
  ]);
  const { rows } = await gatehouse.runtime.pool.query(`SELECT FROM pg_namespace WHERE nspname ~ '^view_.*_b[0-9]+$'`);
  expect(rows).toEqual([]);
});

describe('a replay that is kept', () => {
  const kept = async () => (await compliance.get('/v1/audit/replays')).body.items;
  const schemas = async () => {
    const { rows } = await gatehouse.runtime.pool.query(
      `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replay%' ORDER BY 1`,
    );
    return rows.map(({ nspname }) => nspname);
  };
  const names = ['cases', 'safety-images'];

  it('leaves its tables under its name, with their digests, until somebody drops them', async () => {
    expect([await kept(), await schemas()]).toEqual([[], []]);
    const { digests } = await finished('/v1/audit/replays', { at: String(head), views: names, keep: 'at_head' });
    const [replay] = await kept();
    expect(replay).toMatchObject({ name: 'at_head', position: String(head), keptAt: expect.any(String) });
    expect(replay.tables.map(({ schema: _, version: __, ...table }: Row) => ({ ...table, equal: true }))).toEqual(
      digests,
    );
    expect(await schemas()).toEqual(['replay_at_head_cases', 'replay_at_head_safety_images']);
    const again = await compliance.post('/v1/audit/replays', { at: '1', views: names, keep: 'at_head' });
    expect([again.status, again.body.type]).toEqual([409, expect.stringMatching(/replay-exists$/)]);
    for (const keep of ['A', '1st', 'a-b', 'a'.repeat(21), 'x; DROP SCHEMA platform'])
      expect((await compliance.post('/v1/audit/replays', { at: '1', keep })).status).toBe(400);
    expect((await compliance.delete('/v1/audit/replays/at_head')).body).toEqual({ name: 'at_head' });
    expect((await compliance.delete('/v1/audit/replays/at_head')).status).toBe(404);
    expect([await kept(), await schemas()]).toEqual([[], []]);
  });

  it('is dropped before the next one is kept if it is of another log', async () => {
    await finished('/v1/audit/replays', { at: '1', views: ['cases'], keep: 'former' });
    await gatehouse.runtime.pool.query(`UPDATE projections.kept_replays SET epoch = 'another'`);
    expect(await kept()).toEqual([]);
    await finished('/v1/audit/replays', { at: '2', views: ['images'], keep: 'former' });
    expect(await kept()).toMatchObject([{ name: 'former', position: '2' }]);
    expect(await schemas()).toEqual(['replay_former_images']);
    await compliance.delete('/v1/audit/replays/former');
  });

  it('is compared with others without another replay, to the same changes', async () => {
    const between = { from: String(Math.floor(head / 2)), to: String(head), views: names, rows: 1_000 };
    const { changes: replayed } = await finished('/v1/audit/diffs', between);
    expect(replayed.some(({ changed }: { changed: number }) => changed > 0)).toBe(true);
    await finished('/v1/audit/replays', { at: between.from, views: names, keep: 'earlier' });
    expect((await finished('/v1/audit/diffs', between)).changes).toEqual(replayed);
    await finished('/v1/audit/replays', { at: between.to, views: names, keep: 'later' });
    const replays = gatehouse.app.get(Rebuilder);
    const { replayed: replaying } = replays;
    replays.replayed = () => Promise.reject(new Error('it is replayed again'));
    try {
      expect((await finished('/v1/audit/diffs', between)).changes).toEqual(replayed);
    } finally {
      replays.replayed = replaying;
    }
    // A view that is not kept has to be replayed.
    expect((await finished('/v1/audit/diffs', { ...between, views: ['images'] })).changes).toHaveLength(1);
  });

  it('is not compared once somebody has written to its tables', async () => {
    await gatehouse.runtime.pool.query(`DELETE FROM replay_later_cases.cases WHERE case_id = 'img-1'`);
    let job = (await compliance.post('/v1/audit/diffs', { from: '0', to: String(head), views: names })).body;
    await until(async () => {
      if (job.status === 'running') job = (await compliance.get(`/v1/views/jobs/${job.id}`)).body;
      return job.status !== 'running';
    });
    expect(job).toMatchObject({ status: 'failed', error: expect.stringContaining('drop it and replay again') });
  });

  it('is listed and dropped by command', async () => {
    const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    const listed = await cli.run('audit', 'replays');
    expect(listed.stdout).toMatch(/earlier +\d+ [\s\S]*replay_earlier_cases +cases +\d+/);
    for (const name of ['earlier', 'later'])
      expect(await cli.run('audit', 'drop-replay', name)).toMatchObject({ code: 0, stdout: `dropped ${name}\n` });
    expect((await cli.run('audit', 'replays')).stdout).toContain('no replay is kept');
    const rebuilt = await cli.run('audit', 'rebuild', 'cases', '--at', '1', '--keep', 'first');
    expect([rebuilt.code, (await kept()).map(({ name }: { name: string }) => name)]).toEqual([0, ['first']]);
    await cli.run('audit', 'drop-replay', 'first');
  });
});

it('is recorded before it begins, and refuses positions that are none', async () => {
  const last = async () => {
    const { events } = (await compliance.get('/v1/log?stream=audit&types=ViewRebuilt&limit=2000')).body;
    return events.at(-1);
  };
  const { id } = await finished('/v1/audit/diffs', { from: '0', to: String(head), views: ['cases'], rows: 1 });
  expect(await last()).toMatchObject({ data: { jobId: id, kind: 'diff', views: ['cases'] } });
  for (const [path, body, status] of [
    ['replays', { at: '999999999' }, 410],
    ['replays', {}, 400],
    ['replays', { at: '1', views: ['horses'] }, 400],
    ['diffs', { from: '2', to: '1' }, 400],
    ['diffs', { from: '1', to: 'now' }, 400],
  ] as const)
    expect([path, body, (await compliance.post(`/v1/audit/${path}`, body)).status]).toEqual([path, body, status]);
  expect(await last()).toMatchObject({ data: { jobId: id } });
});

it('is shown by the command line as tables', async () => {
  const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const diff = await cli.run('audit', 'diff', '--from', '0', '--to', String(head), '--views', 'cases');
  expect(diff).toMatchObject({ code: 0 });
  expect(diff.stdout).toMatch(/cases +cases +4\n[\s\S]*img-1 +added +status +– +"confirmed"/);
  const rebuilt = await cli.run('audit', 'rebuild', 'images', '--at', String(head));
  expect(rebuilt).toMatchObject({ code: 0, stdout: expect.stringMatching(/images +images +4 +-?\d+:-?\d+ +equal/) });
});

describe('a copy of the log in EventStoreDB', () => {
  let server: EventStoreDBProcess;
  let directory: string;
  let opened: OpenedLog;
  let log: RecordedEvent[];
  let copy: RecordedEvent[];

  beforeAll(async () => {
    const { store } = gatehouse.runtime;
    server = await startEventStoreDB();
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-copy-'));
    opened = await openNamedLog(server.url, 'write', {});
    const file = join(directory, 'log.jsonl');
    await exportLog(store, file);
    await importLog(file, opened.store);
    log = await wholeLog(store);
    copy = await wholeLog(opened.store);
  }, 60_000);
  afterAll(async () => {
    await opened?.close();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('is replayed into byte-equal rows of every view, once its positions are those of the other store', async () => {
    const { pool, locks, rebuilder, catalogue } = gatehouse.runtime;
    expect(copy.map(({ id }) => id)).toEqual(log.map(({ id }) => id));
    const places = new Map(copy.map(({ position }, n) => [position, log[n]!.position]));
    const rowsOf = (one: Rebuilder, position: Position) =>
      one.readAt(catalogue.views, position, async (db) => {
        const tables = catalogue.views.flatMap((view) => tablesOf(view).map((table) => ({ view, ...table })));
        const found: { table: string; rows: Row[] }[] = [];
        for (const { view, table, key } of tables) {
          const qualified = viewTable(view).replace(/\w+$/, table);
          const text = `SELECT to_jsonb(t) AS row FROM ${qualified} t ORDER BY "${key}" COLLATE "C"`;
          found.push({ table: `${view.name} ${table}`, rows: (await db.query({ text })).rows.map(({ row }) => row) });
        }
        return found;
      });
    const digests = (tables: { table: string; rows: unknown[] }[]) =>
      tables.map(({ table, rows }) => [table, rows.length, hashOf(...rows.map((row) => JSON.stringify(row)))]);
    const here = await rowsOf(rebuilder, head);
    const there = await rowsOf(new Rebuilder(pool, opened.store, locks), await opened.store.head());
    const translated = there.map(({ table, rows }, n) => ({
      table,
      rows: rows.map((row, i) => withPlaces(row, here[n]!.rows[i], places)),
    }));
    expect(digests(translated)).toEqual(digests(here));
    expect(here.filter(({ rows }) => rows.length > 0).length).toBeGreaterThan(10);
  }, 60_000);

  it('has the same events at its positions, in any order', async () => {
    const wanted = [copy[3]!, copy[0]!, copy.at(-1)!, ...copy.slice(5, 30)];
    const found = await opened.store.readPositions([...wanted.map(({ position }) => position), 7]);
    expect(found).toEqual(wanted);
  });
});

/** A value with the positions that the same events have in the other log, where it differs from the value there. */
function withPlaces(value: unknown, there: unknown, places: ReadonlyMap<number, number>): unknown {
  if (Array.isArray(value))
    return value.map((one, n) => withPlaces(one, (there as unknown[] | undefined)?.[n], places));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([name, one]) => [name, withPlaces(one, (there as Row | undefined)?.[name], places)]),
    );
  }
  if (value === there) return value;
  if (typeof value === 'string' && /^\d+$/.test(value)) return String(places.get(Number(value)) ?? value);
  return typeof value === 'number' ? (places.get(value) ?? value) : value;
}
