import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { fillCases } from '../../../test/support/many-cases.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { promote, startBuild } from '../../projections/builds.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../views/cases.js';
import { type Standing, WaitingCases, type Wanted } from './waiting-cases.js';

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

const fill = (prefix: string, count: number, status = 'open', queue = 'default') =>
  fillCases(pool, { prefix, count, status, queue, now });
const wanted: Wanted = {
  queue: 'default',
  reviewer: 'rev-1',
  standing: Promise.resolve({ accounts: [], isLeftOut: () => false }),
  isEscalated: false,
  isGoldenLeftOut: false,
};
const reserve = async (
  change: Partial<Omit<Wanted, 'standing'> & Standing> & { refusal?: Error } = {},
  from = waiting,
) => {
  const { accounts = [], turn, isLeftOut = () => false, refusal, ...others } = change;
  const standing = refusal ? Promise.reject<never>(refusal) : Promise.resolve({ accounts, turn, isLeftOut });
  const found = await from.find({ ...wanted, ...others, standing });
  return found && ((await found.isReserved) ? found.caseId : 'contested');
};

const untilReserved = async (from: WaitingCases) => {
  for (;;) {
    const id = await reserve({}, from);
    if (id !== 'contested') return id;
  }
};

describe('the reservation of a waiting case', () => {
  it('gives the one that is due first, each once', async () => {
    await fill('c', 3);
    await fill('other', 1, 'open', 'severe');
    expect([await reserve(), await reserve(), await reserve(), await reserve()]).toEqual(['c1', 'c2', 'c3', undefined]);
  });

  it('gives none twice to many at once, also of other processes', async () => {
    await fill('c', 40);
    const others = Array.from({ length: 4 }, () => new WaitingCases(pool, { now: () => now }));
    const given = await Promise.all(Array.from({ length: 60 }, (_, n) => untilReserved(others[n % 4]!)));
    const ids = given.filter((one) => one !== undefined);
    expect([ids.length, new Set(ids).size]).toEqual([40, 40]);
  });

  it('gives one reviewer one case for each count of what they hold, whichever processes ask', async () => {
    await fill('c', 4);
    const other = new WaitingCases(pool, { now: () => now });
    const inTurn = async (turn: number) => {
      const given = await Promise.all([waiting, other, waiting].map((from) => reserve({ turn }, from)));
      return [given.filter((one) => one === 'contested').length, new Set(given).size];
    };
    expect(await inTurn(0)).toEqual([2, 2]);
    expect(await inTurn(0)).toEqual([3, 1]);
    expect(await inTurn(1)).toEqual([2, 2]);
    expect(await reserve({ turn: 1, reviewer: 'rev-2' })).toMatch(/^c/);
  });

  it('refuses only those who may have none, while others of the same queue get their cases', async () => {
    await fill('c', 2);
    const asked = [reserve(), reserve({ refusal: new Error('no skill') }), reserve()];
    expect(
      (await Promise.allSettled(asked)).map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message)),
    ).toEqual(['c1', 'no skill', 'c2']);
  });

  it('gives a case again that changed after its reservation, though nobody noted its claim', async () => {
    await fill('c', 1);
    expect(await reserve()).toBe('c1');
    expect(await reserve()).toBeUndefined();
    await pool.query(`UPDATE ${CASES} SET position = 2`);
    expect(await reserve()).toBe('c1');
  });

  it('blocks a case until the view has the claim, or without one until the view shows a change or the reservation ends', async () => {
    await fill('c', 2);
    expect(await reserve()).toBe('c1');
    await waiting.claimed('c1', 7, now + 300_000);
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

  it('blocks a claimed case until the claim ends, however far the view is behind', async () => {
    await fill('c', 1);
    expect(await reserve()).toBe('c1');
    await waiting.claimed('c1', 7, now + 300_000);
    now += 299_000;
    expect(await reserve()).toBeUndefined();
    now += 1_000;
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

  it('passes over those that a reviewer may not have, however many, and gives them to others', async () => {
    await fill('c', 500);
    await pool.query(`UPDATE ${CASES} SET account_id = 'acc-1'`);
    await fill('flagged', 1);
    await fill('later', 1);
    await pool.query(
      `UPDATE ${CASES} SET due_at = due_at + interval '1 hour', flags = '[{"flaggedBy": "rev-1"}]' WHERE case_id = 'flagged1'`,
    );
    await pool.query(`UPDATE ${CASES} SET due_at = due_at + interval '2 hours' WHERE case_id = 'later1'`);
    const linked = { accounts: ['acc-1'] };
    const asked = [reserve(linked), reserve({ reviewer: 'rev-2' }), reserve(linked), reserve({ reviewer: 'acc-1' })];
    expect(await Promise.all(asked)).toEqual(['later1', 'c1', undefined, 'flagged1']);
  });

  it('passes over those of categories that are not for the reviewer', async () => {
    await fill('c', 3);
    await pool.query(`UPDATE ${CASES} SET categories = '["violent", "minors"]' WHERE case_id <> 'c2'`);
    const isLeftOut = (categories: readonly string[]) => categories.includes('minors');
    const asked = [reserve({ isLeftOut }), reserve({ isLeftOut }), reserve()];
    expect(await Promise.all(asked)).toEqual(['c2', undefined, 'c1']);
  });

  it('gives a case again whose claim has expired, in its place', async () => {
    await fill('c', 3);
    const claim = (caseId: string, until: number) =>
      pool.query(
        `UPDATE ${CASES} SET status = 'claimed', claimed_by = 'rev-9', claimed_until = to_timestamp($2::float8 / 1000)
         WHERE case_id = $1`,
        [caseId, until],
      );
    await claim('c1', now + 1_000);
    await claim('c2', now);
    expect(await Promise.all([reserve(), reserve(), reserve()])).toEqual(['c2', 'c3', undefined]);
    now += 1_000;
    expect(await reserve()).toBe('c1');
  });

  it.each([
    ['closed', 'dismissed', ''],
    ['claimed', 'claimed', ''],
    ['claimed, of which the statistics know nothing', 'claimed', 'stale'],
  ])('reads as much however many cases are %s', async (prefix, status, statistics) => {
    await fill('c', 2_000);
    let isAnalyzed = true;
    const buffersRead = async () => {
      await pool.query(`VACUUM ${isAnalyzed ? 'ANALYZE' : ''} ${CASES}`);
      let read = 0;
      const counting: pg.Pool = Object.assign(Object.create(pool), {
        async query({ text, values }: pg.QueryConfig) {
          const explain = { text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values: values! };
          const { rows } = await pool.query(explain);
          read += rows[0]['QUERY PLAN'][0].Plan['Shared Hit Blocks'];
          return { rows: [] };
        },
      });
      await new WaitingCases(counting, { now: () => now }).find(wanted);
      return read;
    };
    const before = await buffersRead();
    isAnalyzed = statistics !== 'stale';
    await fill(prefix, 50_000, status);
    // They are due before the open ones.
    await pool.query(
      `UPDATE ${CASES} SET due_at = due_at - interval '1 day', claimed_until = to_timestamp($2::float8 / 1000) WHERE status = $1`,
      [status, now + 60_000],
    );
    // Two deeper index trees.
    expect(await buffersRead()).toBeLessThanOrEqual(before + 2);
  });
});
