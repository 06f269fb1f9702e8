import pg from 'pg';
import { imagesView } from '../../libs/images/index.js';
import { inTransaction } from '../../libs/platform/database/in-transaction.js';
import { promote, startBuild } from '../../libs/projections/builds.js';
import type { View } from '../../libs/projections/view.js';
import { counterTable, ViewTables, viewSchema, viewTable } from '../../libs/projections/view-tables.js';
import { type CaseRow, casesView } from '../../libs/review/views/cases.js';
import { createTestDatabase } from './test-database.js';

/** A row of the view of cases. */
export const caseRow = (caseId: string, openedAt: number, more: Partial<CaseRow> = {}): CaseRow => ({
  case_id: caseId,
  image_id: caseId,
  account_id: null,
  status: 'open',
  round: 1,
  origin: 'flags',
  is_unflagged: false,
  panel_size: 1,
  flags: [],
  is_panel_given: false,
  verdicts_needed: 0,
  flags_received: 1,
  verdicts: [],
  reviewers: [],
  categories: [],
  opened_at: openedAt,
  flagged_at: openedAt,
  first_viewed_at: null,
  judged_at: null,
  claimed_by: null,
  claimed_until: null,
  reserved_for: null,
  reserved_until: null,
  is_held: false,
  is_escalated: false,
  queue: 'default',
  priority: 0,
  due_at: openedAt,
  decides_at: null,
  decided_at: null,
  decision_stored_at: null,
  votes: null,
  outcome: null,
  judged_flaggers: [],
  before_bulk: null,
  position: 1,
  ...more,
});

/** The view of cases on a database of its own, with the rows that `fill` gives it and their counters. */
export async function startCasesView() {
  const database = await createTestDatabase();
  const pool = new pg.Pool(database.connection);
  for (const view of [casesView, imagesView]) {
    const build = await startBuild(pool, view as View);
    await inTransaction(pool, async (client) => {
      await build.tables.complete(client);
      await promote(client, build);
    });
  }
  const tables = new ViewTables(casesView as View, viewSchema(casesView));
  return {
    pool,
    async fill(rows: readonly CaseRow[]): Promise<void> {
      await pool.query(`TRUNCATE ${viewTable(casesView)}, ${counterTable(casesView)}`);
      const sums = new Map<string, Record<string, number>>();
      for (const { bucket, amounts } of rows.flatMap((row) => casesView.counters!.contribution(row))) {
        const sum = sums.get(bucket) ?? {};
        for (const [name, amount] of Object.entries(amounts)) sum[name] = (sum[name] ?? 0) + amount;
        sums.set(bucket, sum);
      }
      await inTransaction(pool, (client) => tables.insertRows(client, rows));
      await tables.addCounters(pool, sums);
    },
    async close(): Promise<void> {
      await pool.end();
      await database.drop();
    },
  };
}
