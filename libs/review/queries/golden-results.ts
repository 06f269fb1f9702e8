import type pg from 'pg';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { counterTable } from '../../projections/view-tables.js';
import { GOLDEN_TOTAL, goldenBucket, goldenCasesView } from '../views/golden-cases.js';

/** How many answers to golden cases were right, without those of retired ones. */
export interface GoldenResult {
  answered: number;
  correct: number;
}

/** By the reviewer, of all who answered any. */
export async function goldenResults(pool: pg.Pool): Promise<ReadonlyMap<string, GoldenResult>> {
  const prefix = goldenBucket('');
  const counted = await buckets(pool, 'WHERE starts_with(bucket, $1) AND answered > 0', [prefix]);
  return new Map(counted.map(([bucket, result]) => [bucket.slice(prefix.length), result]));
}

/** Of everybody; undefined before the view is built, and without an answer. */
export const goldenTotal = async (pool: pg.Pool): Promise<GoldenResult | undefined> =>
  (await buckets(pool, 'WHERE bucket = $1', [GOLDEN_TOTAL]))[0]?.[1];

async function buckets(pool: pg.Pool, where: string, values: unknown[]): Promise<[string, GoldenResult][]> {
  try {
    const text = `SELECT bucket, answered, correct FROM ${counterTable(goldenCasesView)} ${where} ORDER BY bucket COLLATE "C"`;
    const { rows } = await queryView(pool, { text, values });
    return rows.map((row) => [row.bucket, { answered: Number(row.answered), correct: Number(row.correct) }]);
  } catch (error) {
    if (error instanceof ViewNotBuilt) return [];
    throw error;
  }
}
