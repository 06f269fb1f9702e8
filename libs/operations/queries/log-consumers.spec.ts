import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { imagesView } from '../../images/index.js';
import { casesView } from '../../review/index.js';
import { logConsumers } from './log-consumers.js';

const views = [casesView, imagesView];
let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function insertConsumer(name: string, build?: { view: string; version: number; build: number; live: boolean }) {
  await pool.query('INSERT INTO projections.checkpoints (follower, lane, position) VALUES ($1, 0, 7)', [name]);
  if (!build) return;
  await pool.query('INSERT INTO projections.builds (view, version, build, live) VALUES ($1, $2, $3, $4)', [
    build.view,
    build.version,
    build.build,
    build.live,
  ]);
}

it('leaves out checkpoints of an earlier release, an abandoned rebuild and a publisher without Kafka', async () => {
  const [served, coming] = views.map(({ name, version }) => ({ view: name, version }));
  const nameOf = (one: { view: string; version: number; build: number }) =>
    `view:${one.view}:v${one.version}:b${one.build}`;
  const builds = [
    { ...served!, version: served!.version - 1, build: 4, live: true },
    { ...served!, build: 1, live: true },
    { ...served!, build: 2, live: false },
    { ...coming!, build: 3, live: false },
    { view: 'gone', version: 1, build: 1, live: true },
  ];
  for (const one of builds) await insertConsumer(nameOf(one), one);
  for (const name of ['reactor:enforcing', 'publisher']) await insertConsumer(name);
  const { progress } = await logConsumers(pool, views, { kafkaBrokers: [] });
  expect([...progress.keys()].sort()).toEqual(['reactor:enforcing', nameOf(builds[1]!), nameOf(builds[3]!)].sort());
});
