import type pg from 'pg';

export interface Digest {
  rows: number;
  /** Sums of two 64-bit hashes of each row's text: equal tables have equal sums in any row order. */
  hash: string;
}

/** 8 MiB: each statement takes a fraction of a second, so no table is too large for the statement timeout. */
const BLOCKS_AT_ONCE = 1_024;

/**
 * The digest of a table without writers, or as of the snapshot that the client's transaction already has: later blocks
 * contain no rows of that snapshot.
 * @param table qualified
 */
export async function digestTable(client: pg.PoolClient, table: string, signal?: AbortSignal): Promise<Digest> {
  const { rows: sizes } = await client.query(
    `SELECT (pg_relation_size($1::regclass) / current_setting('block_size')::int)::int AS blocks`,
    [table],
  );
  let rows = 0;
  let [one, two] = [0n, 0n];
  for (let from = 0; from < sizes[0].blocks; from += BLOCKS_AT_ONCE) {
    signal?.throwIfAborted();
    const { rows: sums } = await client.query(
      // OFFSET 0 keeps the planner from computing each row's text twice.
      `SELECT count(*) AS rows, coalesce(sum(hashtextextended(row, 0)), 0) AS one,
              coalesce(sum(hashtextextended(row, 1)), 0) AS two
       FROM (SELECT t::text AS row FROM ${table} t
             WHERE ctid >= '(${from},0)' AND ctid < '(${from + BLOCKS_AT_ONCE},0)' OFFSET 0) texts`,
    );
    rows += Number(sums[0].rows);
    one += BigInt(sums[0].one);
    two += BigInt(sums[0].two);
  }
  return { rows, hash: `${one}:${two}` };
}
