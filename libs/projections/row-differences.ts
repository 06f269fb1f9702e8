import type pg from 'pg';

/** How many rows of a table are named. */
export const NAMED_ROWS = 20;
const LONGEST_COMPARISON_MS = 600_000;

export interface RowDifference {
  key: string;
  /** `changed` in these columns, `missing` from the live table, or `extra` in it. */
  difference: 'changed' | 'missing' | 'extra';
  columns?: string[];
}

/**
 * The first rows that differ between two tables of the same columns, by key. Values are left out: they may be personal.
 * @param client in a transaction, which may take minutes
 */
export async function rowDifferences(
  client: pg.PoolClient,
  { live, replayed, key }: { live: string; replayed: string; key: string },
): Promise<RowDifference[]> {
  const run = (text: string) => client.query({ text, query_timeout: LONGEST_COMPARISON_MS } as pg.QueryConfig);
  await run('SET LOCAL statement_timeout = 0');
  const { rows } = await run(
    `SELECT "${key}" AS key,
            CASE WHEN r IS NULL THEN 'extra' WHEN l IS NULL THEN 'missing' ELSE 'changed' END AS difference,
            (SELECT array_agg(key ORDER BY key) FROM jsonb_each(to_jsonb(l)) a JOIN jsonb_each(to_jsonb(r)) b USING (key)
             WHERE a.value <> b.value) AS columns
     FROM ${live} l FULL JOIN ${replayed} r USING ("${key}")
     WHERE l::text IS DISTINCT FROM r::text
     ORDER BY 1 LIMIT ${NAMED_ROWS}`,
  );
  return rows.map(({ columns, ...row }) => (columns ? { ...row, columns } : row));
}
