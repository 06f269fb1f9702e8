import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { recorded } from '../../test/support/fold-view.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { inTransaction } from '../platform/database/in-transaction.js';
import { startBuild } from './builds.js';
import type { View } from './view.js';
import { CACHED_ROWS, type PageEffect } from './view-build.js';

const counts: View<{ key: string; count: number }> = {
  name: 'test-counts',
  version: 1,
  summary: 'How often each was seen',
  types: ['Seen'],
  table: { name: 'counts', key: 'key', columns: { key: { type: 'text' }, count: { type: 'int8' } } },
  keys: (event) => event.data.keys as string[],
  evolve: (row, _event, key) => ({ key, count: (row?.count ?? 0) + 1 }),
};

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ ...database.connection, pipeline: true });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

it('folds a row that is evicted from the cache while other rows are read', async () => {
  const build = await startBuild(pool, counts);
  const seen = (position: number, keys: string[]) => recorded(position, 'Seen', { keys });
  const many = (prefix: string) => Array.from({ length: CACHED_ROWS }, (_, n) => `${prefix}-${n}`);
  const write = async (effect: PageEffect) => inTransaction(pool, (client) => build.write(client, effect));
  await write(await build.fold(pool, [seen(1, ['oldest', ...many('one')])]));
  build.committed();
  await write(await build.fold(pool, [seen(2, many('two'))]));
  // The write of the second page ends while the third is folded and loads missing rows.
  const folding = build.fold(pool, [seen(3, ['oldest', 'one-1', 'new'])]);
  build.committed();
  const { inserts, updates } = await folding;
  expect(updates).toEqual([
    { key: 'oldest', count: 2 },
    { key: 'one-1', count: 2 },
  ]);
  expect(inserts).toEqual([{ key: 'new', count: 1 }]);
});

it('looks up only keys that the draft may have', async () => {
  const build = await startBuild(pool, counts);
  const seen = (position: number, keys: string[]) => recorded(position, 'Seen', { keys });
  const asked: unknown[] = [];
  const counting = {
    query: (query: pg.QueryConfig) => {
      asked.push(query);
      return pool.query(query);
    },
  } as Pick<pg.Pool, 'query'>;
  const first = await build.fold(counting, [seen(1, ['one', 'two'])]);
  await inTransaction(pool, (client) => build.write(client, first));
  expect(asked).toEqual([]);
  await build.refresh(pool);
  const { inserts, updates } = await build.fold(counting, [seen(2, ['two', 'three'])]);
  expect(asked).toHaveLength(1);
  expect(updates).toEqual([{ key: 'two', count: 2 }]);
  expect(inserts).toEqual([{ key: 'three', count: 1 }]);
});

it.each([
  ['a number', { keys: ['four', 7] }, ['four', 'spec']],
  ['nothing', { keys: [null] }, ['spec']],
  ['no list', { keys: 7 }, ['spec']],
])(
  'parks the subject of an event whose keys are %s, with what it names, and folds the others',
  async (_, data, keys) => {
    const build = await startBuild(pool, counts);
    const broken = recorded(1, 'Seen', data as never);
    const { inserts, parked } = await build.fold(pool, [broken, recorded(2, 'Seen', { keys: ['good'] })]);
    expect(inserts).toEqual([{ key: 'good', count: 1 }]);
    const error = 'BrokenEvent: the stored event is broken: what it names is no string';
    expect(parked).toMatchObject(keys.map((key) => ({ key, position: 1, error })));
    expect(build.keysOf(broken)).toEqual(keys);
  },
);

it('says why the keys of an event can’t be read', async () => {
  const failing = {
    ...counts,
    keys() {
      throw new TypeError('a fault of this release');
    },
  };
  const build = await startBuild(pool, failing);
  const { parked } = await build.fold(pool, [recorded(1, 'Seen', { keys: ['good'] })]);
  expect(parked).toMatchObject([{ key: 'spec', error: expect.stringContaining('a fault of this release') }]);
});
