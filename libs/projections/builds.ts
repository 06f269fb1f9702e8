import type pg from 'pg';
import { inTransaction } from '../platform/database/in-transaction.js';
import { startCheckpoints } from '../subscriptions/checkpoints.js';
import { ALL_SHARDS } from '../subscriptions/shards.js';
import { KeyFilter } from './key-filter.js';
import type { View } from './view.js';
import { DRAFT_CACHED_ROWS, ViewBuild } from './view-build.js';
import { dropSchema, ViewTables, viewSchema } from './view-tables.js';

type Queryable = Pick<pg.Pool, 'query'>;

/** What names a version of a view, known to this release or not. */
type ViewVersion = Pick<View, 'name' | 'version'>;

const consumerOf = (view: ViewVersion, build: number): string => `view:${view.name}:v${view.version}:b${build}`;

const buildSchema = (view: ViewVersion, build: number) => `${viewSchema(view)}_b${build}`;

export async function liveBuild(db: Queryable, view: View): Promise<ViewBuild | undefined> {
  const { rows } = await db.query('SELECT build FROM projections.builds WHERE view = $1 AND version = $2 AND live', [
    view.name,
    view.version,
  ]);
  return rows[0] && new ViewBuild(view, rows[0].build, viewSchema(view), consumerOf(view, rows[0].build));
}

/** The consumer of each view: its live build or, if there is none yet, the build in progress. */
export async function viewConsumers(db: Queryable, views: readonly View[]): Promise<Set<string>> {
  const { rows } = await db.query(
    `SELECT DISTINCT ON (view, version) view, version, build FROM projections.builds
     ORDER BY view, version, live DESC, build DESC`,
  );
  const consumers = views.flatMap((view) => {
    const row = rows.find((one) => one.view === view.name && one.version === view.version);
    return row ? [consumerOf(view, row.build)] : [];
  });
  return new Set(consumers);
}

/** Creates empty tables beside the live ones, to be filled from position 0. */
export async function startBuild(pool: pg.Pool, view: View): Promise<ViewBuild> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query(
      `INSERT INTO projections.builds (view, version, build, live)
       SELECT $1, $2, coalesce(max(build), 0) + 1, false FROM projections.builds WHERE view = $1 AND version = $2
       RETURNING build`,
      [view.name, view.version],
    );
    const build: number = rows[0].build;
    const schema = buildSchema(view, build);
    await dropSchema(client, schema);
    await new ViewTables(view, schema).create(client);
    const consumer = consumerOf(view, build);
    await startCheckpoints(client, consumer, ALL_SHARDS);
    return new ViewBuild(view, build, schema, consumer, DRAFT_CACHED_ROWS, new KeyFilter());
  });
}

/** Replaces the live build in the caller's transaction. Queries are not interrupted, since they use the schema's name. */
export async function promote(client: pg.PoolClient, built: ViewBuild): Promise<void> {
  const { view, build } = built;
  const before = await liveBuild(client, view);
  if (before) await remove(client, view, before.build, true);
  await client.query(`ALTER SCHEMA ${built.tables.schema} RENAME TO ${viewSchema(view)}`);
  await client.query('UPDATE projections.builds SET live = true WHERE view = $1 AND version = $2 AND build = $3', [
    view.name,
    view.version,
    build,
  ]);
}

/** Removes a build that will not go live. */
export async function abandon(pool: pg.Pool, { view, build }: ViewBuild): Promise<void> {
  await inTransaction(pool, (client) => remove(client, view, build, false));
}

/** Removes builds of killed rebuilds and of versions older than the live one. Only the view's single builder may call it. */
export async function sweep(pool: pg.Pool, view: View): Promise<void> {
  const live = await liveBuild(pool, view);
  const { rows } = await pool.query(
    'SELECT version, build, live FROM projections.builds WHERE view = $1 AND (version < $2 OR (version = $2 AND NOT live))',
    [view.name, view.version],
  );
  for (const row of rows) {
    if (row.version < view.version && !live) continue;
    await inTransaction(pool, (client) => remove(client, { ...view, version: row.version }, row.build, row.live));
  }
}

/** Removes a build, its tables and its consumer, in the caller's transaction. */
export async function remove(client: pg.PoolClient, view: ViewVersion, build: number, live: boolean): Promise<void> {
  await dropSchema(client, live ? viewSchema(view) : buildSchema(view, build));
  await detach(client, view, build);
}

/** Removes a build and its consumer, in the caller's transaction; its tables stay where they are. */
export async function detach(client: pg.PoolClient, view: ViewVersion, build: number): Promise<void> {
  await client.query('DELETE FROM projections.builds WHERE view = $1 AND version = $2 AND build = $3', [
    view.name,
    view.version,
    build,
  ]);
  const consumer = consumerOf(view, build);
  await client.query('DELETE FROM projections.checkpoints WHERE follower = $1', [consumer]);
  await client.query('DELETE FROM projections.parked WHERE follower = $1', [consumer]);
}
