import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { POOL } from '../../platform/ports.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import type { BulkJob } from '../bulk-job.js';
import { WAITS } from '../case-rows.js';
import { casesView } from '../views/cases.js';
import { conditionsOf } from './case-filter.js';

/** Finds the open cases of a bulk job by the view of cases. */
@Injectable()
export class MatchingCases {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** None before the view is built. @param at in epoch milliseconds: only cases that were opened until then */
  async count(filter: BulkJob['filter'], at: number): Promise<number> {
    const { where, values } = matching(filter, at);
    const text = `SELECT count(*)::int AS cases FROM ${viewTable(casesView)} WHERE ${where}`;
    try {
      return (await queryView(this.pool, { text, values })).rows[0].cases;
    } catch (error) {
      if (error instanceof ViewNotBuilt) return 0;
      throw error;
    }
  }

  /** Their ids in the order of the key’s index, after the given one. */
  async page(filter: BulkJob['filter'], at: number, after: string, limit: number): Promise<string[]> {
    const { where, values } = matching(filter, at);
    const { rows } = await queryView(this.pool, {
      text: `SELECT case_id FROM ${viewTable(casesView)}
        WHERE ${where} AND case_id > $${values.length + 1}
        ORDER BY case_id LIMIT $${values.length + 2}`,
      values: [...values, after, limit],
    });
    return rows.map(({ case_id }) => case_id);
  }
}

function matching(filter: BulkJob['filter'], at: number): { where: string; values: unknown[] } {
  const values: unknown[] = [at];
  const conditions = conditionsOf(filter, (value) => `$${values.push(value)}`);
  // What a case of the sample shows no flag has named, and deciding it with those would bias the sample.
  if (filter.category !== undefined) conditions.push(`origin <> 'sample'`);
  const matches = `${WAITS} AND origin <> 'golden' AND opened_at <= to_timestamp($1::float8 / 1000)`;
  return { where: [matches, ...conditions].join(' AND '), values };
}
