import type pg from 'pg';

const LONGEST_COMPARISON_MS = 600_000;

export interface ColumnChange {
  column: string;
  /** Absent for a row that was added. */
  before?: unknown;
  /** Absent for a row that was removed. */
  after?: unknown;
}

export interface RowChange {
  key: string;
  change: 'added' | 'removed' | 'changed';
  /** Those that changed; of a row that was added or removed, all. */
  columns: ColumnChange[];
}

export interface TableChanges {
  /** How many rows changed in all. */
  changed: number;
  /** The first of them, by key. */
  rows: RowChange[];
}

/**
 * What differs between two tables of the same columns.
 * @param client in a transaction, which may take minutes
 */
export async function tableChanges(
  client: pg.ClientBase,
  { before, after, key }: { before: string; after: string; key: string },
  limit: number,
): Promise<TableChanges> {
  const run = (text: string) => client.query({ text, query_timeout: LONGEST_COMPARISON_MS } as pg.QueryConfig);
  await run('SET LOCAL statement_timeout = 0');
  const { rows } = await run(
    `SELECT "${key}" AS key, to_jsonb(b) AS before, to_jsonb(a) AS after, count(*) OVER () AS changed
     FROM ${before} b FULL JOIN ${after} a USING ("${key}")
     WHERE b::text IS DISTINCT FROM a::text ORDER BY 1 LIMIT ${limit}`,
  );
  return { changed: Number(rows[0]?.changed ?? 0), rows: rows.map(rowChange) };
}

type Row = Record<string, unknown>;

function rowChange({ key, before, after }: { key: string; before: Row | null; after: Row | null }): RowChange {
  if (!before) return { key, change: 'added', columns: columnsOf(after!, 'after') };
  if (!after) return { key, change: 'removed', columns: columnsOf(before, 'before') };
  const columns = Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return {
    key,
    change: 'changed',
    columns: columns.map((column) => ({ column, before: before[column], after: after[column] })),
  };
}

const columnsOf = (row: Row, side: 'before' | 'after'): ColumnChange[] =>
  Object.entries(row).map(([column, value]) => ({ column, [side]: value }));
