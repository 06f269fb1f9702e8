import type pg from 'pg';
import type { Position } from '../kernel/envelope.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import { inTransaction } from '../platform/database/in-transaction.js';
import { detach } from './builds.js';
import type { Digest } from './table-digest.js';
import type { View } from './view.js';
import type { ViewBuild } from './view-build.js';
import { dropSchema, ViewTables } from './view-tables.js';

/** A letter, then letters, digits and underscores: it becomes part of the names of schemas, which have 63 characters at most. */
export const REPLAY_NAME = /^[a-z][a-z0-9_]{0,19}$/;
/** Each has the tables of every view. */
export const MOST_KEPT = 10;

export interface KeptTable extends Digest {
  view: string;
  version: number;
  table: string;
  /** Where the table is. */
  schema: string;
}

/** What a replay left. */
export interface KeptReplay {
  name: string;
  position: Position;
  /** RFC 3339. */
  keptAt: string;
  tables: KeptTable[];
}

/** Of some views. */
export interface ReplayOfViews {
  name: string;
  /** In the order of the views. */
  tables: ViewTables[];
}

const LIST = `SELECT name, position, kept_at, tables FROM projections.kept_replays WHERE epoch = $1 ORDER BY name`;

/** Replays whose tables were left in schemas of their own, to be looked into and compared. */
export class KeptReplays {
  /** @param epoch of the log: with another one, what was kept says nothing */
  constructor(
    private readonly pool: pg.Pool,
    private readonly epoch: { readonly current: string },
  ) {}

  async list(): Promise<KeptReplay[]> {
    const { rows } = await this.pool.query(LIST, [this.epoch.current]);
    return rows.map(({ name, position, kept_at, tables }) => ({
      ...{ name, position: Number(position), keptAt: kept_at.toISOString(), tables },
    }));
  }

  /** Drops those of another log first, which nobody can use. @throws Refusal replay-exists, too-many-replays */
  async refuseToKeep(name: string): Promise<void> {
    const foreign = await this.pool.query('SELECT name FROM projections.kept_replays WHERE epoch <> $1', [
      this.epoch.current,
    ]);
    for (const one of foreign.rows) await this.drop(one.name);
    const { rows } = await this.pool.query('SELECT name FROM projections.kept_replays');
    if (rows.some((one) => one.name === name))
      throw new Refusal('replay-exists', `a replay named ${name} is kept: choose another name, or drop that one`);
    if (rows.length >= MOST_KEPT)
      throw new Refusal('too-many-replays', `${rows.length} replays are kept, which is the most: drop one first`);
  }

  /**
   * Keeps the tables of builds, durably and with their indexes. Afterwards they are no builds any more.
   * @param digests of their tables
   * @throws Refusal replay-exists, if another process was first; StoreUnavailable if the database has emptied them
   */
  async keep(
    name: string,
    position: Position,
    builds: readonly ViewBuild[],
    digests: readonly (Digest & { view: string; table: string })[],
  ): Promise<void> {
    await inTransaction(this.pool, async (client) => {
      const tables: KeptTable[] = [];
      for (const build of builds) {
        const { view } = build;
        const schema = `replay_${name}_${view.name.replaceAll('-', '_')}`;
        await build.tables.complete(client);
        await client.query(`ALTER SCHEMA ${build.tables.schema} RENAME TO ${schema}`);
        await detach(client, view, build.build);
        const own = digests.filter((one) => one.view === view.name);
        tables.push(
          ...own.map(({ view: of, table, rows, hash }) => ({
            view: of,
            version: view.version,
            table,
            schema,
            rows,
            hash,
          })),
        );
      }
      const { rowCount } = await client.query(
        `INSERT INTO projections.kept_replays (name, epoch, position, tables) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING`,
        [name, this.epoch.current, position, JSON.stringify(tables)],
      );
      if (rowCount === 0)
        throw new Refusal('replay-exists', `a replay named ${name} is kept: choose another name, or drop that one`);
    });
  }

  /** @throws NotFound replay-unknown */
  async drop(name: string): Promise<void> {
    await inTransaction(this.pool, async (client) => {
      const { rows } = await client.query('DELETE FROM projections.kept_replays WHERE name = $1 RETURNING tables', [
        name,
      ]);
      if (rows.length === 0)
        throw new NotFound('replay-unknown', `no replay named ${name} is kept: GET /v1/audit/replays lists all`);
      const schemas = new Set((rows[0].tables as KeptTable[]).map(({ schema }) => schema));
      for (const schema of schemas) await dropSchema(client, schema);
    });
  }

  /**
   * A kept replay of these views up to a position, with their tables in their order; undefined if none has them all.
   * @throws Refusal replay-altered if somebody has written to them
   */
  async at(views: readonly View[], position: Position, signal?: AbortSignal): Promise<ReplayOfViews | undefined> {
    for (const kept of await this.list()) {
      if (kept.position !== position) continue;
      const found = views.map(({ name, version }) =>
        kept.tables.filter((one) => one.view === name && one.version === version),
      );
      if (found.some((tables) => tables.length === 0)) continue;
      const all = views.map((view, n) => new ViewTables(view, found[n]![0]!.schema));
      for (const [n, tables] of all.entries()) await this.refuseAltered(kept.name, tables, found[n]!, signal);
      return { name: kept.name, tables: all };
    }
    return undefined;
  }

  private async refuseAltered(name: string, tables: ViewTables, kept: readonly KeptTable[], signal?: AbortSignal) {
    const digests = await inTransaction(this.pool, (client) => tables.digest(client, signal));
    const altered = kept.find(({ table, rows, hash }) => digests[table]?.rows !== rows || digests[table].hash !== hash);
    if (!altered) return;
    throw new Refusal(
      'replay-altered',
      `table ${altered.table} of the kept replay ${name} has other rows than when it was kept: drop it and replay again`,
    );
  }
}
