import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { bulkCasesView } from '../views/bulk-cases.js';

/** The cases that a bulk job has changed. Jobs of earlier releases did not record them. */
@Injectable()
export class BulkCases {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async count(jobId: string): Promise<number> {
    const text = `SELECT count(*)::int AS cases FROM ${viewTable(bulkCasesView)} WHERE job_id = $1::text AND is_changed`;
    return (await queryView(this.pool, { text, values: [jobId] })).rows[0].cases;
  }

  /** Their ids in the order of the index, after the given one. */
  async page(jobId: string, after: string, limit: number): Promise<string[]> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT case_id FROM ${viewTable(bulkCasesView)}
        WHERE job_id = $1::text AND is_changed AND case_id > $2 ORDER BY case_id LIMIT $3`,
      values: [jobId, after, limit],
    });
    return rows.map(({ case_id }) => case_id);
  }
}
