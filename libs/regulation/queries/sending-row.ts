import type pg from 'pg';
import type { Submission } from '../statement.js';

export interface SendingRow {
  /** As they were sent, without an answer that arrived. */
  underWay: readonly Submission[];
  /** In a row. */
  failures: number;
  error: string | null;
  /** Epoch milliseconds; 0 if nothing failed. */
  failingSince: number;
  /** Epoch milliseconds; 0 if nothing failed. */
  retryAt: number;
}

const READ = `SELECT under_way, failures, error,
    coalesce(extract(epoch FROM failing_since) * 1000, 0)::float8 AS failing_since,
    coalesce(extract(epoch FROM retry_at) * 1000, 0)::float8 AS retry_at
  FROM regulation.sending`;

type Queries = Pick<pg.Pool, 'query'>;

export async function readSending(pool: Queries): Promise<SendingRow> {
  const { rows } = await pool.query(READ);
  const { under_way: underWay, failures, error, failing_since: failingSince, retry_at: retryAt } = rows[0]!;
  return { underWay, failures, error, failingSince, retryAt };
}

/** Before they are sent: whatever ends this process, the next one asks what became of them. */
export async function noteUnderWay(pool: Queries, submissions: readonly Submission[]): Promise<void> {
  await pool.query('UPDATE regulation.sending SET under_way = $1::jsonb', [JSON.stringify(submissions)]);
}

/** The database answers again. */
export async function noteSuccess(pool: Queries): Promise<void> {
  await pool.query(
    `UPDATE regulation.sending SET failures = 0, failing_since = NULL, error = NULL, retry_at = NULL WHERE failures > 0`,
  );
}

/** @param now epoch milliseconds, as `retryAt` */
export async function noteFailure(pool: Queries, error: string, now: number, retryAt: number): Promise<void> {
  await pool.query(
    `UPDATE regulation.sending SET failures = failures + 1, error = $1, retry_at = to_timestamp($2::float8 / 1000),
       failing_since = coalesce(failing_since, to_timestamp($3::float8 / 1000))`,
    [error, retryAt, now],
  );
}
