import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { DatabaseClock } from './database-clock.js';

const HOUR_MS = 3_600_000;
/** Time for a busy machine to answer a query. */
const SLACK_MS = 60_000;
/** A clock that assumed half of this round trip would be off by the other half. */
const SLOW_MS = 400;

describe('the time of the database', () => {
  let database: TestDatabase;
  let admin: pg.Pool;
  /** Its `clock_timestamp` is a function of this spec: a database clock that is set by hand and slow to answer. */
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    admin = new pg.Pool(database.connection);
    await admin.query(`
      CREATE SCHEMA spec;
      CREATE TABLE spec.clock (ahead_ms int, slow_before_ms int, slow_after_ms int);
      INSERT INTO spec.clock VALUES (0, 0, 0);
      CREATE FUNCTION spec.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$
      DECLARE at timestamptz; how spec.clock;
      BEGIN
        SELECT * INTO how FROM spec.clock;
        PERFORM pg_sleep(how.slow_before_ms / 1000.0);
        at := pg_catalog.clock_timestamp() + how.ahead_ms * interval '1 millisecond';
        PERFORM pg_sleep(how.slow_after_ms / 1000.0);
        RETURN at;
      END $$`);
    pool = new pg.Pool({ ...database.connection, options: '-c search_path=spec,pg_catalog' });
  });
  afterAll(async () => {
    await pool.end();
    await admin.end();
    await database.drop();
  });

  const setClock = (aheadMs: number, slowBeforeMs = 0, slowAfterMs = 0) =>
    admin.query('UPDATE spec.clock SET ahead_ms = $1, slow_before_ms = $2, slow_after_ms = $3', [
      aheadMs,
      slowBeforeMs,
      slowAfterMs,
    ]);
  const trueTime = async () =>
    Number((await admin.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now')).rows[0].now);

  /** How far a clock is ahead, in ms: of several answers the quickest counts, since the others were delayed. */
  const aheadBy = async (clock: DatabaseClock): Promise<number> => {
    let quickest = { took: Number.POSITIVE_INFINITY, ahead: 0 };
    for (let n = 0; n < 10; n++) {
      const before = clock.now();
      const time = await trueTime();
      const after = clock.now();
      if (after - before < quickest.took) quickest = { took: after - before, ahead: (before + after) / 2 - time };
    }
    return quickest.ahead;
  };

  it('is an integer of milliseconds, the same in every process however the clock is set', async () => {
    const jump = fc.constantFrom(-HOUR_MS, 0, HOUR_MS);
    await fc.assert(
      fc.asyncProperty(fc.array(jump, { minLength: 1, maxLength: 6 }), async (jumps) => {
        await setClock(0);
        const clocks = [await DatabaseClock.open(pool), await DatabaseClock.open(pool)] as const;
        for (const aheadMs of jumps) {
          await setClock(aheadMs);
          for (const clock of clocks) await clock.ask();
          const [here, there] = [clocks[0].now(), clocks[1].now()];
          const expected = (await trueTime()) + aheadMs;
          expect(Number.isInteger(here)).toBe(true);
          expect(Math.abs(here - there)).toBeLessThan(SLACK_MS);
          expect(Math.abs(here - expected)).toBeLessThan(SLACK_MS);
        }
        for (const clock of clocks) clock.close();
      }),
      { numRuns: 15 },
    );
  });

  it('ignores delays on the way to or from the database', async () => {
    const slow = fc.constantFrom([0, 0], [SLOW_MS, 0], [0, SLOW_MS]);
    await fc.assert(
      fc.asyncProperty(fc.array(slow, { minLength: 1, maxLength: 4 }), async (answers) => {
        await setClock(0);
        const clock = await DatabaseClock.open(pool);
        for (let n = 0; n < 5; n++) await clock.ask(); // one of them is quick
        const before = await aheadBy(clock);
        for (const [before, after] of answers) {
          await setClock(0, before, after);
          await clock.ask();
        }
        expect(Math.abs((await aheadBy(clock)) - before)).toBeLessThan(SLOW_MS / 4);
        clock.close();
      }),
      { numRuns: 5 },
    );
  });

  it('keeps running while the database does not answer', async () => {
    const gone = new pg.Pool(database.connection);
    const clock = await DatabaseClock.open(gone);
    await gone.end();
    await expect(clock.ask()).rejects.toThrow();
    expect(Math.abs(clock.now() - (await trueTime()))).toBeLessThan(SLACK_MS);
    clock.close();
  });
});
