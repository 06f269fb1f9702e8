import type pg from 'pg';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { daysBetween, type EnforcedCase } from '../ladder-dry-run.js';
import { enforcementsView } from '../views/enforcements.js';

/** Cases of the accounts concerned that are read for the count of their strikes. */
const MAX_CASES = 50_000;

export interface EnforcedCases {
  /** Those that were enforced last, and all earlier ones of their accounts, oldest first. */
  cases: EnforcedCase[];
  /** The former. */
  concerned: ReadonlySet<string>;
}

export async function enforcedCases(pool: pg.Pool, last: number): Promise<EnforcedCases> {
  const table = viewTable(enforcementsView);
  const { rows: newest } = await queryView(pool, {
    text: `SELECT case_id, account_id FROM ${table} WHERE case_id IS NOT NULL AND reversed_at IS NULL
           ORDER BY position DESC LIMIT $1`,
    values: [last],
  });
  const accounts = [...new Set(newest.map((row) => row.account_id as string))];
  const { rows } = await queryView(pool, {
    text: `SELECT case_id, account_id, clause, measure, action, until, decided_at FROM ${table}
           WHERE account_id = ANY($1::text[]) AND case_id IS NOT NULL AND reversed_at IS NULL
           ORDER BY position DESC LIMIT $2`,
    values: [arrayParameter('text', accounts), MAX_CASES],
  });
  return { cases: rows.map(toCase).reverse(), concerned: new Set(newest.map((row) => row.case_id)) };
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver returns it
function toCase(row: any): EnforcedCase {
  const { case_id: caseId, account_id: accountId, clause, measure, action, until, decided_at } = row;
  const at = new Date(decided_at).getTime();
  return {
    caseId,
    accountId,
    ...(clause !== null && { clause }),
    at,
    actual: {
      measure,
      ...(action !== null && { action }),
      ...(until !== null && { days: daysBetween(at, new Date(until).getTime()) }),
    },
  };
}
