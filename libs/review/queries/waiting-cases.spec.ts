import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { promote, startBuild } from '../../projections/builds.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../views/cases.js';
import { WaitingCases } from './waiting-cases.js';

const CASES = viewTable(casesView);
let now = Date.parse('2022-05-18T09:00:00Z');
let database: TestDatabase;
let pool: pg.Pool;
let waiting: WaitingCases;

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
beforeEach(async () => {
  await pool.query(`TRUNCATE ${CASES}, review.case_reservations, review.refused_cases`);
  waiting = new WaitingCases(pool, { now: () => now });
});

/** Cases with these ids, each due a second after the one before. */
async function fill(prefix: string, count: number, status = 'open', queue = 'default') {
  await pool.query(
    `INSERT INTO ${CASES} (case_id, image_id, status, round, origin, is_unflagged, panel_size, is_panel_given, verdicts_needed, is_held, is_escalated, flags, flags_received,
       verdicts, categories, queue, priority, judged_flaggers, opened_at, due_at, flagged_at, position)
     SELECT $1 || n, $1 || n, $3, 1, 'flags', false, 1, false, 0, false, false, '[{"flaggedBy": "acc-9"}]', 1, '[]', '[]', $4, 0, '[]', now,
       now + n * interval '1 second', now, 1
     FROM generate_series(1, $2::int) n, to_timestamp($5::float8 / 1000) now`,
    [prefix, count, status, queue, now],
  );
}
const wanted = { queue: 'default', reviewer: 'rev-1', accounts: [], isEscalated: false };
const reserve = (change: Partial<typeof wanted> = {}) => waiting.reserve({ ...wanted, ...change });

describe('the reservation of a waiting case', () => {
  it('gives the one that is due first, each once', async () => {
    await fill('c', 3);
    await fill('other', 1, 'open', 'severe');
    expect([await reserve(), await reserve(), await reserve(), await reserve()]).toEqual(['c1', 'c2', 'c3', undefined]);
  });

  it('gives none twice to many at once, also of other processes', async () => {
    await fill('c', 40);
    const others = Array.from({ length: 4 }, () => new WaitingCases(pool, { now: () => now }));
    const given = await Promise.all(Array.from({ length: 60 }, (_, n) => others[n % 4]!.reserve(wanted)));
    const ids = given.filter((one) => one !== undefined);
    expect([ids.length, new Set(ids).size]).toEqual([40, 40]);
  });

  it('blocks a case until the view has the claim, or if no claim is stored, until the reservation ends', async () => {
    await fill('c', 2);
    expect(await reserve()).toBe('c1');
    await waiting.claimed('c1', 7);
    expect(await reserve()).toBe('c2');
    expect(await reserve()).toBeUndefined();
    // Claimed and released: the view is past the claim.
    await pool.query(`UPDATE ${CASES} SET position = 8 WHERE case_id = 'c1'`);
    expect(await reserve()).toBe('c1');
    expect(await reserve()).toBeUndefined();
    now += 60_000;
    expect(await reserve()).toBe('c1');
    await waiting.release('c1');
    expect(await reserve()).toBe('c1');
  });

  it('leaves out what the reviewer holds, but not what was handed over to them', async () => {
    await fill('c', 3);
    const keep = (caseId: string, isHeld: boolean) =>
      pool.query(
        `UPDATE ${CASES} SET reserved_for = 'rev-1', reserved_until = to_timestamp($2::float8 / 1000), is_held = $3
         WHERE case_id = $1`,
        [caseId, now + 600_000, isHeld],
      );
    await keep('c1', true);
    await keep('c2', false);
    expect([await reserve(), await reserve(), await reserve()]).toEqual(['c2', 'c3', undefined]);
    now += 600_000;
    expect(await reserve()).toBe('c1');
  });

  it('gives a case that waits for its decision once the decision is due, since some of its verdicts may not count', async () => {
    await fill('c', 1);
    await pool.query(`UPDATE ${CASES} SET decides_at = to_timestamp($1::float8 / 1000)`, [now + 1_000]);
    expect(await reserve()).toBeUndefined();
    now += 1_000;
    expect(await reserve()).toBe('c1');
  });

  it('does not try a case again that was refused, until the view shows a change of it or a while has passed', async () => {
    await fill('c', 2);
    expect(await reserve()).toBe('c1');
    await waiting.refused('c1', 'rev-1');
    expect(await reserve({ reviewer: 'rev-2' })).toBe('c1');
    await waiting.release('c1');
    expect(await reserve()).toBe('c2');
    expect(await reserve()).toBeUndefined();
    await pool.query(`UPDATE ${CASES} SET position = 2 WHERE case_id = 'c1'`);
    expect(await reserve()).toBe('c1');
    await waiting.refused('c1', 'rev-1');
    expect(await reserve()).toBeUndefined();
    now += 300_000;
    expect(await reserve()).toBe('c1');
  });

  it('reads as much however many cases are closed', async () => {
    await fill('c', 2_000);
    const buffersRead = async () => {
      await pool.query(`VACUUM ANALYZE ${CASES}`);
      const counting: pg.Pool = Object.assign(Object.create(pool), {
        query: ({ text, values }: pg.QueryConfig) =>
          pool.query({ text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values: values! }),
      });
      const plans: { 'Node Type': string; 'Shared Hit Blocks': number; Plans?: unknown[] }[] = [];
      const visit = (plan: (typeof plans)[number]) => {
        plans.push(plan);
        for (const one of plan.Plans ?? []) visit(one as (typeof plans)[number]);
      };
      const capture: pg.Pool = Object.assign(Object.create(counting), {
        async query(query: pg.QueryConfig) {
          const { rows } = await counting.query(query);
          visit(rows[0]['QUERY PLAN'][0].Plan);
          return { rows: [] };
        },
      });
      await new WaitingCases(capture, { now: () => now }).reserve(wanted);
      const scan = plans.find((plan) => plan['Node Type'] === 'Index Scan' && /cases_queue/.test(JSON.stringify(plan)));
      expect(plans.map((plan) => plan['Node Type'])).not.toContain('Sort');
      if (!scan) throw new Error(JSON.stringify(plans.map(({ Plans: _, ...plan }) => plan)));
      return scan['Shared Hit Blocks'];
    };
    const before = await buffersRead();
    await fill('closed', 50_000, 'dismissed');
    expect(await buffersRead()).toBeLessThanOrEqual(before + 1);
  });
});
