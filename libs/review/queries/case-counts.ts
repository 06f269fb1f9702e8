import type pg from 'pg';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { counterTable } from '../../projections/view-tables.js';
import { casesView } from '../views/cases.js';

export interface CaseCounts {
  /** Golden ones too. */
  open: number;
  golden: number;
  decided: number;
  confirmed: number;
}

/** Counters of the cases view by bucket, in one query; a bucket without any is absent. */
export async function caseCounts(pool: pg.Pool, buckets: readonly string[]): Promise<ReadonlyMap<string, CaseCounts>> {
  try {
    const { rows } = await queryView(pool, {
      name: 'gatehouse_case_counts',
      text: `SELECT bucket, open, golden, decided, confirmed FROM ${counterTable(casesView)} WHERE bucket = ANY($1::text[])`,
      values: [arrayParameter('text', buckets)],
    });
    const numbers = (row: Record<keyof CaseCounts, string>): CaseCounts => ({
      open: Number(row.open),
      golden: Number(row.golden),
      decided: Number(row.decided),
      confirmed: Number(row.confirmed),
    });
    return new Map(rows.map((row) => [row.bucket, numbers(row)]));
  } catch (error) {
    if (error instanceof ViewNotBuilt) return new Map();
    throw error;
  }
}
