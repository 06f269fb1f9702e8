import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Position, RecordedEvent } from '../../libs/kernel/envelope.js';
import { Rebuilder } from '../../libs/projections/rebuilder.js';
import { ViewReplays } from '../../libs/projections/replays.js';
import type { View } from '../../libs/projections/view.js';
import { viewTable } from '../../libs/projections/view-tables.js';
import { cliFor } from '../support/cli-process.js';
import { FakeEventStoreDB } from '../support/fake-eventstoredb.js';
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
  const replays = new ViewReplays(gatehouse.runtime.pool, gatehouse.runtime.rebuilder);
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

describe('a copy of the log in the other store', () => {
  let copy: FakeEventStoreDB;
  let log: RecordedEvent[];
  beforeAll(async () => {
    log = await wholeLog(gatehouse.runtime.store);
    copy = new FakeEventStoreDB();
    copy.append(
      log.map((event) => ({ ...event, metadata: { ...event.metadata, recordedat: event.recordedAt } })),
      false,
    );
  });
  afterAll(() => copy.store.close());

  it('is replayed into the same rows, except for the positions', async () => {
    const { pool, locks, rebuilder, catalogue } = gatehouse.runtime;
    const names = ['image-reach', 'safety-images', 'enforcements', 'images', 'verdicts'];
    const replayed = names.map((name) => catalogue.views.find((view) => view.name === name)!);
    const rowsOf = async (one: Rebuilder, position: Position) =>
      one.readAt(replayed, position, async (db) => {
        const rows: [string, unknown[]][] = [];
        for (const view of replayed) {
          const text = `SELECT to_jsonb(t) AS row FROM ${viewTable(view)} t ORDER BY ${view.table.key}`;
          rows.push([view.name, (await db.query({ text })).rows.map(({ row }) => withoutPositions(row))]);
        }
        return rows;
      });
    const other = new Rebuilder(pool, copy.store, locks);
    const there = await rowsOf(other, await copy.store.head());
    expect(there).toEqual(await rowsOf(rebuilder, head));
    expect(there.every(([, rows]) => rows.length > 0)).toBe(true);
  });

  it('has the same events at its positions, in any order', async () => {
    const stored: RecordedEvent[] = (await copy.store.readAll(0, { limit: log.length })).events;
    const wanted = [stored[3]!, stored[0]!, stored.at(-1)!, ...stored.slice(5, 30)];
    const found = await copy.store.readPositions([...wanted.map(({ position }) => position), 7]);
    expect(found).toEqual(wanted);
  });
});

const withoutPositions = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([column]) => !column.endsWith('position')));
