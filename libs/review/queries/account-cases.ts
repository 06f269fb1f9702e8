import { Inject, Injectable } from '@nestjs/common';
import { toIso } from '../../kernel/clock.js';
import type { Pool } from '../../platform/database/database.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../views/cases.js';

/** Cases of an account that are looked through for similar ones: the latest. */
const RECENT = 200;
/** Cases that are listed. */
const LISTED = 10;

export interface AccountCase {
  caseId: string;
  status: 'open' | 'confirmed' | 'dismissed' | 'model-problem' | 'overturned';
  categories: string[];
  openedAt: string;
  decidedAt: string | null;
}

export interface AccountCases {
  open: number;
  confirmed: number;
  dismissed: number;
  modelProblem: number;
  overturned: number;
  latest: AccountCase[];
  /** Those of the latest 200 that have a category in common. */
  similar: AccountCase[];
}

/** Reads the other cases of an account, by an index: as quickly for one with thousands of them. */
@Injectable()
export class AccountCasesReader {
  constructor(@Inject(POOL) private readonly pool: Pool) {}

  async of(accountId: string, caseId: string, categories: readonly string[]): Promise<AccountCases> {
    const [counts, recent] = await Promise.all([
      queryView(this.pool, {
        name: 'gatehouse_account_case_counts',
        text: `SELECT status, count(*)::int AS cases FROM ${viewTable(casesView)}
               WHERE account_id = $1 AND case_id <> $2 GROUP BY status`,
        values: [accountId, caseId],
      }),
      queryView(this.pool, {
        name: 'gatehouse_account_cases',
        text: `SELECT case_id, status, categories, opened_at, decided_at FROM ${viewTable(casesView)}
               WHERE account_id = $1 AND case_id <> $2 ORDER BY opened_at DESC, case_id DESC LIMIT ${RECENT}`,
        values: [accountId, caseId],
      }),
    ]);
    const of = (...statuses: string[]) =>
      counts.rows.filter(({ status }) => statuses.includes(status)).reduce((sum, { cases }) => sum + cases, 0);
    const cases = recent.rows.map(toCase);
    return {
      open: of('open', 'claimed'),
      confirmed: of('confirmed'),
      dismissed: of('dismissed'),
      modelProblem: of('model-problem'),
      overturned: of('overturned'),
      latest: cases.slice(0, LISTED),
      similar: cases.filter((one) => one.categories.some((label) => categories.includes(label))).slice(0, LISTED),
    };
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
const toCase = (row: any): AccountCase => ({
  caseId: row.case_id,
  status: row.status === 'claimed' ? 'open' : row.status,
  categories: row.categories,
  openedAt: toIso(row.opened_at),
  decidedAt: row.decided_at && toIso(row.decided_at),
});
