import type pg from 'pg';
import { StoreUnavailable } from '../kernel/errors.js';
import { eventLoop } from '../kernel/event-loop.js';
import { type ArrayElement, arrayParameter } from '../platform/database/array-parameters.js';
import { copyRows } from '../platform/database/copy-rows.js';
import { type RowDifference, rowDifferences } from './row-differences.js';
import { type TableChanges, tableChanges } from './table-changes.js';
import { type Digest, digestTable } from './table-digest.js';
import type { View, ViewRow } from './view.js';

type Queryable = Pick<pg.Pool, 'query'>;

const SQL_TYPES: Partial<Record<ArrayElement, string>> = {
  int8: 'bigint',
  int4: 'int',
  bool: 'boolean',
  float8: 'double precision',
};
const sqlType = (type: ArrayElement) => SQL_TYPES[type] ?? type;

const quoted = (name: string) => `"${name}"`;

/** The schema of a view's live tables; queries use `viewTable`. */
export const viewSchema = (view: Pick<View, 'name' | 'version'>): string =>
  `view_${view.name.replaceAll('-', '_')}_v${view.version}`;

/** The qualified name of a view's rows, for its queries. */
export const viewTable = (view: View<never> | View): string => `${viewSchema(view)}.${view.table.name}`;

/** The qualified name of a view's counters, for its queries. */
export const counterTable = (view: View<never> | View): string => `${viewSchema(view)}.${view.counters!.name}`;

/** Drops the tables of a build. */
export async function dropSchema(db: Queryable, schema: string): Promise<void> {
  await db.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
}

/** The table of a draft whose only row is missing once the draft was emptied. */
const MARKER = 'draft_marker';
/** Rows that are encoded in one turn of the event loop. */
const ROWS_PER_TURN = 2_000;
const COUNTED_ROWS = 100_000;
const MAX_COMPLETION_MS = 3_600_000;

export interface LackedRows {
  missing: { rows: number; keys: string[] };
  changed: { rows: number; keys: string[] };
}

/** The SQL of one view in one schema. */
export class ViewTables {
  private readonly columns: [string, { type: ArrayElement; nullable?: boolean }][];
  private readonly load: { name: string; text: string };
  private readonly rows: string;
  private readonly update: { name: string; text: string };
  private readonly remove: { name: string; text: string };
  private readonly add: { name: string; text: string } | undefined;
  private readonly removeZeros: { name: string; text: string } | undefined;

  constructor(
    private readonly view: View,
    readonly schema: string,
  ) {
    const { table, counters } = view;
    this.columns = Object.entries(table.columns);
    const names = this.columns.map(([name]) => quoted(name));
    const key = quoted(table.key);
    const rows = `${schema}.${table.name}`;
    this.rows = rows;
    const read = this.columns.map(([name, { type }]) =>
      type === 'timestamptz' ? `(extract(epoch FROM ${quoted(name)}) * 1000)::bigint` : quoted(name),
    );
    const parameters = this.columns.map(([, { type }], i) => `$${i + 1}::${sqlType(type)}[]`);
    const changed = names.filter((name) => name !== key).map((name) => `${name} = n.${name}`);
    this.load = { name: `${schema}_load`, text: `SELECT ${read} FROM ${rows} WHERE ${key} = ANY($1::text[])` };
    this.update = {
      name: `${schema}_update`,
      text: `UPDATE ${rows} r SET ${changed} FROM unnest(${parameters}) n(${names}) WHERE r.${key} = n.${key}`,
    };
    this.remove = { name: `${schema}_remove`, text: `DELETE FROM ${rows} WHERE ${key} = ANY($1::text[])` };
    if (counters) {
      const sums = counters.columns.map(quoted);
      this.add = {
        name: `${schema}_add`,
        text: `INSERT INTO ${schema}.${counters.name} AS c (bucket, ${sums})
               SELECT * FROM unnest($1::text[], ${sums.map((_, i) => `$${i + 2}::bigint[]`)})
               ON CONFLICT (bucket) DO UPDATE SET ${sums.map((sum) => `${sum} = c.${sum} + excluded.${sum}`)}`,
      };
      this.removeZeros = {
        name: `${schema}_zeros`,
        text: `DELETE FROM ${schema}.${counters.name}
               WHERE bucket = ANY($1::text[]) AND ${sums.map((sum) => `${sum} = 0`).join(' AND ')}`,
      };
    }
  }

  /**
   * Creates the empty tables of a draft, without a write-ahead log: a restart of the database after a crash empties them,
   * which may happen unnoticed between two statements. A marker with one row loses it then too.
   */
  async create(db: Queryable): Promise<void> {
    const { table, counters } = this.view;
    const columns = this.columns.map(
      ([name, { type, nullable }]) => `${quoted(name)} ${sqlType(type)} ${nullable ? '' : 'NOT NULL'}`,
    );
    await db.query(`CREATE SCHEMA ${this.schema}`);
    await db.query(`CREATE UNLOGGED TABLE ${this.schema}.${MARKER} AS SELECT true AS intact`);
    await db.query(
      `CREATE UNLOGGED TABLE ${this.schema}.${table.name} (${columns}, PRIMARY KEY (${quoted(table.key)})) WITH (fillfactor = 80)`,
    );
    if (counters) {
      const sums = counters.columns.map((name) => `${quoted(name)} bigint NOT NULL`);
      await db.query(
        `CREATE UNLOGGED TABLE ${this.schema}.${counters.name} (bucket text PRIMARY KEY, ${sums}) WITH (fillfactor = 50)`,
      );
    }
  }

  /** @throws StoreUnavailable if the database has emptied the draft since its creation */
  async refuseEmptied(db: Queryable): Promise<void> {
    const { rowCount } = await db.query(`SELECT FROM ${this.schema}.${MARKER}`);
    if (rowCount === 0)
      throw new StoreUnavailable(
        `the database restarted after a crash and lost the rebuilt ${this.view.name}: rebuild it again`,
      );
  }

  /**
   * Makes a draft durable and creates its indexes; in a transaction, which may take minutes.
   * @throws StoreUnavailable if the database has emptied the draft since its creation
   */
  async complete(client: pg.PoolClient): Promise<void> {
    const { table, counters } = this.view;
    const run = (text: string) => client.query({ text, query_timeout: MAX_COMPLETION_MS } as pg.QueryConfig);
    await run('SET LOCAL statement_timeout = 0');
    await this.refuseEmptied(client);
    await run(`DROP TABLE ${this.schema}.${MARKER}`);
    for (const name of [table.name, ...(counters ? [counters.name] : [])]) {
      await run(`ALTER TABLE ${this.schema}.${name} SET LOGGED`);
    }
    for (const { name, indexes = [] } of [table, ...(counters ? [counters] : [])]) {
      for (const index of indexes) await run(`CREATE INDEX ON ${this.schema}.${name} ${index}`);
    }
  }

  async loadRows(db: Queryable, keys: readonly string[]): Promise<Map<string, ViewRow>> {
    const found = new Map<string, ViewRow>();
    if (keys.length === 0) return found;
    const { rows } = await db.query({
      ...this.load,
      values: [arrayParameter('text', keys)],
      rowMode: 'array',
      types: { getTypeParser: () => (text: string) => text },
    } as pg.QueryArrayConfig);
    for (const values of rows as (string | null)[][]) {
      const row: ViewRow = {};
      for (let i = 0; i < this.columns.length; i++) {
        const [name, { type }] = this.columns[i]!;
        row[name] = fromText(type, values[i] ?? null);
      }
      found.set(row[this.view.table.key], row);
    }
    return found;
  }

  /** Only for keys without a row, which the build's single writer knows. */
  async insertRows(client: pg.ClientBase, unordered: readonly ViewRow[]): Promise<void> {
    const rows = this.sorted(unordered);
    const sent: Promise<void>[] = [];
    for (let from = 0; from < rows.length; from += ROWS_PER_TURN) {
      if (from > 0) await eventLoop.yield();
      const copied = copyRows(client, this.rows, this.columns, rows.slice(from, from + ROWS_PER_TURN));
      copied.catch(() => {}); // thrown below
      sent.push(copied);
    }
    await Promise.all(sent);
  }

  async updateRows(db: Queryable, rows: readonly ViewRow[]): Promise<void> {
    if (rows.length > 0) await db.query({ ...this.update, values: this.parameters(rows) });
  }

  /** By key, the order of the index. */
  private sorted(rows: readonly ViewRow[]): ViewRow[] {
    const { key } = this.view.table;
    return [...rows].sort((a, b) => (a[key] < b[key] ? -1 : 1));
  }

  private parameters(unordered: readonly ViewRow[]): Buffer[] {
    const rows = this.sorted(unordered);
    return this.columns.map(([name, { type }]) => {
      const isJson = type === 'jsonb' || type === 'json';
      return arrayParameter(
        type,
        rows.map((row) => {
          const value = row[name];
          return isJson && value !== null && value !== undefined ? JSON.stringify(value) : value;
        }),
      );
    });
  }

  async removeRows(db: Queryable, keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await db.query({ ...this.remove, values: [arrayParameter('text', keys)] });
  }

  /** Adds to the counters; buckets are sorted, so that two shards can't deadlock. */
  async addCounters(db: Queryable, changes: ReadonlyMap<string, Record<string, number>>): Promise<void> {
    if (!this.add || changes.size === 0) return;
    const buckets = [...changes.keys()].sort();
    const sums = this.view.counters!.columns.map((column) =>
      arrayParameter(
        'int8',
        buckets.map((bucket) => changes.get(bucket)![column] ?? 0),
      ),
    );
    const added = db.query({ ...this.add, values: [arrayParameter('text', buckets), ...sums] });
    // An empty bucket has no row: otherwise the rows would depend on the page size.
    const lowered = buckets.filter((bucket) => Object.values(changes.get(bucket)!).some((amount) => amount < 0));
    const removed =
      lowered.length > 0 ? db.query({ ...this.removeZeros!, values: [arrayParameter('text', lowered)] }) : undefined;
    await Promise.all([added, removed]);
  }

  /** The planner's estimate; exact for a small table. */
  async approximateRows(db: Queryable): Promise<number> {
    const rows = `${this.schema}.${this.view.table.name}`;
    const estimate = await db.query('SELECT reltuples::bigint AS rows FROM pg_class WHERE oid = $1::regclass', [rows]);
    if (Number(estimate.rows[0].rows) > COUNTED_ROWS) return Number(estimate.rows[0].rows);
    return Number((await db.query(`SELECT count(*) AS rows FROM ${rows}`)).rows[0].rows);
  }

  /** The keys whose rows the other tables lack, and those whose rows differ there; at most `limit` of each are listed. */
  async lackedBy(other: ViewTables, db: Queryable, limit: number): Promise<LackedRows> {
    const { name, key } = this.view.table;
    const [mine, others, id] = [`${this.schema}.${name}`, `${other.schema}.${name}`, quoted(key)];
    const list = async (condition: string) => {
      const from = `FROM ${mine} m LEFT JOIN ${others} o ON o.${id} = m.${id} WHERE ${condition}`;
      const { rows } = await db.query(
        `SELECT m.${id} AS key, count(*) OVER () AS rows ${from} ORDER BY 1 LIMIT ${limit}`,
      );
      return { rows: Number(rows[0]?.rows ?? 0), keys: rows.map((row) => row.key as string) };
    };
    return {
      missing: await list(`o.${id} IS NULL`),
      changed: await list(`o.${id} IS NOT NULL AND m::text <> o::text`),
    };
  }

  /** One digest per table of the view; in a transaction, since each is read in parts. */
  async digest(client: pg.PoolClient, signal?: AbortSignal): Promise<Record<string, Digest>> {
    const digests: Record<string, Digest> = {};
    for (const { name } of this.tables) digests[name] = await digestTable(client, `${this.schema}.${name}`, signal);
    return digests;
  }

  /** The first rows of each table that differ from those of a replay; in a transaction that sees both at one position. */
  async differences(client: pg.PoolClient, replay: ViewTables): Promise<Record<string, RowDifference[]>> {
    const differences: Record<string, RowDifference[]> = {};
    for (const { name, key } of this.tables) {
      const compared = { live: `${this.schema}.${name}`, replayed: `${replay.schema}.${name}`, key };
      differences[name] = await rowDifferences(client, compared);
    }
    return differences;
  }

  /** What differs in each table from those of an earlier state, in a transaction. */
  async changesSince(earlier: ViewTables, client: pg.ClientBase, limit: number): Promise<Record<string, TableChanges>> {
    const changes: Record<string, TableChanges> = {};
    for (const { name, key } of this.tables) {
      const compared = { before: `${earlier.schema}.${name}`, after: `${this.schema}.${name}`, key };
      changes[name] = await tableChanges(client, compared, limit);
    }
    return changes;
  }

  private get tables(): { name: string; key: string }[] {
    const { table, counters } = this.view;
    return [table, ...(counters ? [{ name: counters.name, key: 'bucket' }] : [])];
  }
}

function fromText(type: ArrayElement, text: string | null): unknown {
  if (text === null) return null;
  switch (type) {
    case 'int4':
    case 'int8':
    case 'float8':
    case 'timestamptz':
      return Number(text);
    case 'bool':
      return text === 't';
    case 'json':
    case 'jsonb':
      return JSON.parse(text);
    default:
      return text;
  }
}
