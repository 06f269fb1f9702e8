import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { hashOf } from '../../kernel/ids.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { promote, startBuild } from '../../projections/builds.js';
import { viewTable } from '../../projections/view-tables.js';
import { type CaseRow, casesView } from '../views/cases.js';
import { CASE_STATUSES, type CaseStatus } from './case-fields.js';
import { CaseQueue } from './case-queue.js';
import { ShownFlags } from './shown-flags.js';

const LEAD = { kind: 'user', id: 'lead', role: 'lead' } as const;
const NOW = Date.parse('2022-05-18T09:00:00Z');
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
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** Replaces all cases. */
async function fill(rows: Pick<CaseRow, 'case_id' | 'status' | 'opened_at' | 'claimed_until'>[]): Promise<void> {
  await pool.query(`TRUNCATE ${viewTable(casesView)}`);
  await pool.query(
    `INSERT INTO ${viewTable(casesView)} (case_id, image_id, status, round, origin, is_unflagged, panel_size, is_panel_given, verdicts_needed, is_held, is_escalated, flags, flags_received,
       verdicts, categories, queue, priority, judged_flaggers, opened_at, due_at, flagged_at, claimed_until, position)
     SELECT c.case_id, c.case_id, c.status, 1, 'flags', false, 1, false, 0, false, false, '[]', 1, '[]', '[]', 'default', 0, '[]', to_timestamp(c.opened_at / 1000),
            to_timestamp(c.opened_at / 1000), to_timestamp(c.opened_at / 1000), to_timestamp(c.claimed_until / 1000), 1
     FROM json_to_recordset($1) c(case_id text, status text, opened_at float8, claimed_until float8)`,
    [JSON.stringify(rows)],
  );
}

const queueOn = (on: pg.Pool) => new CaseQueue(on, { now: () => NOW }, new ShownFlags({ keyedHash: hashOf }));

describe('the case queue', () => {
  it('lists each case once under its current status, the longest waiting first, for any page size', async () => {
    const row = fc.record({
      case_id: fc.stringMatching(/^[a-f]{1,3}$/),
      status: fc.constantFrom(...CASE_STATUSES),
      opened_at: fc.integer({ min: 0, max: 5 }).map((n) => NOW - n * 1_001),
      claimed_until: fc.constantFrom(NOW - 1, NOW, NOW + 1),
    });
    const rows = fc
      .uniqueArray(row, { maxLength: 12, selector: (one) => one.case_id })
      .map((all) => all.map((one) => (one.status === 'claimed' ? one : { ...one, claimed_until: null })));
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.constantFrom(undefined, ...CASE_STATUSES),
        fc.integer({ min: 1, max: 4 }),
        async (all, status, limit) => {
          await fill(all);
          const now = (one: (typeof all)[number]): CaseStatus =>
            one.status === 'claimed' && one.claimed_until! <= NOW ? 'open' : one.status;
          const expected = all
            .filter((one) => status === undefined || now(one) === status)
            .sort((a, b) => a.opened_at - b.opened_at || (a.case_id < b.case_id ? -1 : 1))
            .map((one) => [one.case_id, now(one)]);
          const found: unknown[] = [];
          let cursor: string | undefined;
          do {
            const page = await queueOn(pool).page(LEAD, { status }, { limit, cursor, patienceHours: 24 });
            expect(page.items.length).toBeLessThanOrEqual(limit);
            found.push(...page.items.map((one) => [one.caseId, one.status]));
            cursor = page.nextCursor;
          } while (cursor);
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('reads only its page, however many cases were decided', async () => {
    const decided = (n: number) => ({
      case_id: `d${n}`,
      status: ['confirmed', 'dismissed', 'model-problem'][n % 3],
      claimed_until: null,
    });
    const open = (n: number) => ({ case_id: `o${n}`, status: 'open', claimed_until: null });
    await fill(
      Array.from(
        { length: 20_000 },
        (_, n) => ({ ...(n % 100 ? decided(n) : open(n)), opened_at: NOW - n }) as CaseRow,
      ),
    );
    await pool.query(`ANALYZE ${viewTable(casesView)}`);
    const plans: string[] = [];
    const explaining: pg.Pool = Object.assign(Object.create(pool), {
      async query(asked: pg.QueryConfig) {
        const { rows } = await pool.query({ ...asked, text: `EXPLAIN ${asked.text}` });
        plans.push(rows.map((line) => line['QUERY PLAN']).join('\n'));
        return pool.query(asked);
      },
    });
    for (const status of [undefined, ...CASE_STATUSES]) {
      const { nextCursor } = await queueOn(explaining).page(LEAD, { status }, { limit: 10, patienceHours: 24 });
      if (nextCursor)
        await queueOn(explaining).page(LEAD, { status }, { limit: 10, cursor: nextCursor, patienceHours: 24 });
    }
    expect(plans.length).toBeGreaterThan(CASE_STATUSES.length);
    for (const plan of plans) {
      expect(plan).toContain('Index Scan');
      // Of claimed cases there are few.
      expect(plan).not.toMatch(/claimed_until_idx/.test(plan) ? /Seq Scan/ : /Sort|Seq Scan/);
    }
  });
});
