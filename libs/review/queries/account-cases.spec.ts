import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { promote, startBuild } from '../../projections/builds.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../views/cases.js';
import { AccountCasesReader } from './account-cases.js';

const CASES = viewTable(casesView);
const MANY = 4_000;
let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
  const build = await startBuild(pool, casesView);
  await inTransaction(pool, async (client) => {
    await build.tables.complete(client);
    await promote(client, build);
  });
  // Of many accounts, one of which has very many cases: every second is open, every fourth names hate.
  await pool.query(
    `INSERT INTO ${CASES} (case_id, image_id, account_id, status, round, origin, is_unflagged, panel_size, is_panel_given, verdicts_needed, is_held, is_escalated, flags,
       flags_received, verdicts, reviewers, categories, queue, priority, judged_flaggers, opened_at, due_at, flagged_at, position)
     SELECT 'img-' || n, 'img-' || n, CASE WHEN n % 5 = 0 THEN 'acc-1' ELSE 'other-' || n END,
            CASE WHEN n % 2 = 0 THEN 'claimed' ELSE 'dismissed' END, 1, 'flags', false, 1, false, 0, false, false, '[]', 1, '[]', '[]',
            CASE WHEN n % 4 = 0 THEN '["hate"]' ELSE '["violent"]' END::jsonb, 'default', 0, '[]', to_timestamp(n), to_timestamp(n),
            to_timestamp(n), n
     FROM generate_series(1, $1) n`,
    [MANY * 5],
  );
  await pool.query(`VACUUM ANALYZE ${CASES}`);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

it('counts the other cases of an account, and lists the latest and the similar ones', async () => {
  const found = await new AccountCasesReader(pool).of('acc-1', 'img-20000', ['hate']);
  expect(found).toMatchObject({ open: MANY / 2 - 1, confirmed: 0, dismissed: MANY / 2, modelProblem: 0 });
  expect(found.latest.map(({ caseId }) => caseId).slice(0, 3)).toEqual(['img-19995', 'img-19990', 'img-19985']);
  expect(found.latest[1]).toMatchObject({ status: 'open', categories: ['violent'], decidedAt: null });
  expect(found.similar.map(({ caseId }) => caseId).slice(0, 2)).toEqual(['img-19980', 'img-19960']);
  expect([found.latest.length, found.similar.length]).toEqual([10, 10]);
});

it('has nothing for an account without another case', async () => {
  const found = await new AccountCasesReader(pool).of('other-1001', 'img-1001', ['violent']);
  expect(found).toEqual({
    open: 0,
    confirmed: 0,
    dismissed: 0,
    modelProblem: 0,
    overturned: 0,
    latest: [],
    similar: [],
  });
});

it('reads by the index, whatever others have', async () => {
  const plan = async (query: string) =>
    (await pool.query(`EXPLAIN ${query}`)).rows.map((row) => row['QUERY PLAN']).join('\n');
  const of = `FROM ${CASES} WHERE account_id = 'acc-1' AND case_id <> 'img-1'`;
  const counts = await plan(`SELECT status, count(*) ${of} GROUP BY status`);
  expect(counts).toContain('cases_account_id_opened_at_case_id_status_idx');
  expect(counts).not.toContain('Seq Scan');
  const latest = await plan(`SELECT categories ${of} ORDER BY opened_at DESC, case_id DESC LIMIT 200`);
  expect(latest).toMatch(/Index Scan Backward/);
  expect(latest).not.toContain('Sort');
});
