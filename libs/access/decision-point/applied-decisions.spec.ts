import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { recorded } from '../../../test/support/fold-view.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { ReportedDecisions } from '../queries/reported-decisions.js';
import { ShowDeactivationLatency, ShowDeactivationLatencyHandler } from '../queries/show-deactivation-latency.js';
import { AppliedDecisions, decisionPointName } from './applied-decisions.js';

let database: TestDatabase;
let pool: pg.Pool;
const now = Date.now();

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** What a replica knows. */
const by = { isDenied: async (_: string, caseId: string) => caseId !== 'only-a-strike' };
const ago = (position: number, type: string, ms: number, data = {}) =>
  recorded(position, type, { accountId: 'acc-1', ...data }, { time: new Date(now - ms).toISOString() });

it('reports the decisions against accounts, each once, with when they were applied', async () => {
  const seconds: number[] = [];
  const decisions = new AppliedDecisions(pool, { now: () => now }, { observed: (one) => seconds.push(one) });
  const confirmed = ago(1, 'ReviewConfirmed', 40, { caseId: 'img-1' });
  const events = [
    confirmed,
    ago(2, 'ReviewConfirmed', 40, { accountId: undefined }),
    ago(3, 'AccountDeactivated', 30, { caseId: 'img-1' }),
    ago(4, 'AccountSuspended', 20, { enforcementId: 'e-1' }),
    ago(5, 'WaitlistJoined', 10),
    ago(6, 'ReviewConfirmed', 40, { caseId: 'only-a-strike' }),
  ];
  for (let times = 0; times < 2; times++) {
    decisions.note(events);
    await decisions.report(by);
  }
  await decisions.report(by);
  const { rows } = await pool.query('SELECT position::int, is_review FROM access.applied_decisions ORDER BY 1');
  expect(rows).toEqual([
    { position: 1, is_review: true },
    { position: 4, is_review: false },
  ]);
  expect(seconds).toEqual([0.04, 0.02, 0.04, 0.04, 0.02, 0.04]);
  const reported = new ReportedDecisions(pool);
  const at = (position: number, storedAt = confirmed.recordedAt) => reported.appliedAt({ position, storedAt });
  const appliedAt = new Date(now).toISOString();
  expect(await at(1)).toEqual([{ decisionPoint: decisionPointName(), appliedAt }]);
  // Another log may have had another event at the position.
  expect(await at(1, new Date(0).toISOString())).toEqual([]);
});

it('keeps what it has to report while the database is away', async () => {
  let isAway = true;
  const failing = {
    query: (asked: string, values?: unknown[]) =>
      isAway ? Promise.reject(new Error('away')) : pool.query(asked, values),
  };
  const decisions = new AppliedDecisions(failing, { now: () => now });
  decisions.note([ago(7, 'ReviewConfirmed', 40)]);
  await expect(decisions.report(by)).rejects.toThrow('away');
  isAway = false;
  await decisions.report(by);
  expect((await pool.query('SELECT FROM access.applied_decisions WHERE position = 7')).rowCount).toBe(1);
});

it('names a gateway that runs and has not reported, and none whose replica began after the decision', async () => {
  const beat = `INSERT INTO platform.processes (id, roles, host, pid, version, started_at)
    VALUES (gen_random_uuid(), '{gateway}', $1, 17, '1', to_timestamp($2))`;
  const begin = 'INSERT INTO access.decision_points (decision_point, reports_after) VALUES ($1, $2)';
  for (const [host, after] of [
    ['silent', 0],
    ['later', 1],
    ['gone', 0],
  ] as const) {
    // A process that began before the decision may have read it at the start of its replica.
    if (host !== 'gone') await pool.query(beat, [host, 0]);
    await pool.query(begin, [`${host}:17`, after]);
  }
  const storedAt = new Date(now - 40).toISOString();
  const found = await new ReportedDecisions(pool).appliedAt({ position: 1, storedAt });
  expect(found.map(({ decisionPoint, appliedAt }) => [decisionPoint, appliedAt === null])).toEqual([
    [decisionPointName(), false],
    ['silent:17', true],
  ]);
});

it('has the quantiles of the latency of verdicts, at the first decision point and at all', async () => {
  await pool.query('TRUNCATE access.applied_decisions');
  const handler = new ShowDeactivationLatencyHandler(pool);
  const shown = () => handler.execute(new ShowDeactivationLatency());
  expect(await shown()).toEqual({ days: 7, verdicts: 0, firstDenial: null, everywhere: null });
  await pool.query(`INSERT INTO access.applied_decisions (position, stored_at, decision_point, applied_at, is_review)
    SELECT n, t, p, t + CASE p WHEN 'a' THEN n ELSE 2 * n END * interval '1 millisecond', true
    FROM generate_series(1, 101) n, unnest(ARRAY['a', 'b']) p, LATERAL (SELECT now() - interval '1 hour' AS t) x`);
  expect(await shown()).toEqual({
    days: 7,
    verdicts: 101,
    firstDenial: { p50: 51, p95: 96, p99: 100 },
    everywhere: { p50: 102, p95: 192, p99: 200 },
  });
});
