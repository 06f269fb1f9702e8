import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { DatabaseClock } from './database-clock.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2022-05-18T09:00:00Z');
/** A clock that assumed half of this round trip would be off by the other half. */
const SLOW_MS = 400;

describe('the time of the database', () => {
  let database: TestDatabase;
  let admin: pg.Pool;
  /** Its `clock_timestamp` is a function of this spec. */
  let pool: pg.Pool;
  /** The monotonic time of this process. */
  let monotonicMs: number;
  /** How far the clock of the database is ahead of START_MS plus the monotonic time. */
  let aheadMs: number;

  beforeAll(async () => {
    database = await createTestDatabase();
    admin = new pg.Pool(database.connection);
    await admin.query(`
      CREATE SCHEMA spec;
      CREATE TABLE spec.clock (at_ms int8);
      INSERT INTO spec.clock VALUES (0);
      CREATE FUNCTION spec.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
        'SELECT to_timestamp(at_ms / 1000.0) FROM spec.clock'`);
    pool = new pg.Pool({ ...database.connection, options: '-c search_path=spec,pg_catalog' });
    jest.spyOn(performance, 'now').mockImplementation(() => monotonicMs);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await pool.end();
    await admin.end();
    await database.drop();
  });
  beforeEach(() => {
    monotonicMs = 1_000;
    aheadMs = 0;
  });

  const trueTime = () => START_MS + monotonicMs + aheadMs;

  /** Asks the database, with these delays on the way to it and back. */
  async function answered<Answer>(ask: () => Promise<Answer>, [there, back] = [0, 0]): Promise<Answer> {
    await admin.query('UPDATE spec.clock SET at_ms = $1', [trueTime() + there]);
    const answer = ask();
    monotonicMs += there + back;
    return answer;
  }

  async function open(delays?: [number, number]): Promise<DatabaseClock> {
    const clock = await answered(() => DatabaseClock.open(pool), delays);
    clock.close(); // the specs ask
    return clock;
  }

  it('is an integer of milliseconds, the same in every process however the clock is set', async () => {
    const jump = fc.constantFrom(-HOUR_MS, 0, 1, HOUR_MS);
    await fc.assert(
      fc.asyncProperty(fc.array(jump, { minLength: 1, maxLength: 6 }), async (jumps) => {
        const clocks = [await open(), await open()];
        for (const by of jumps) {
          aheadMs += by;
          for (const clock of clocks) await answered(() => clock.ask());
          monotonicMs += 7;
          expect(clocks.map((clock) => clock.now())).toEqual([trueTime(), trueTime()]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is off by at most half the round trip of its best answer', async () => {
    const delay = fc.integer({ min: 0, max: SLOW_MS });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(delay, delay), { minLength: 1, maxLength: 6 }), async (answers) => {
        const clock = await open(answers[0]);
        for (const delays of answers.slice(1)) await answered(() => clock.ask(), delays);
        const best = Math.min(...answers.map(([there, back]) => there + back));
        expect(Number.isInteger(clock.now())).toBe(true);
        expect(Math.abs(clock.now() - trueTime())).toBeLessThanOrEqual(Math.ceil(best / 2));
      }),
      { numRuns: 30 },
    );
  });

  it('keeps running while the database does not answer', async () => {
    const gone = new pg.Pool({ ...database.connection, options: '-c search_path=spec,pg_catalog' });
    const clock = await answered(() => DatabaseClock.open(gone));
    await gone.end();
    await expect(clock.ask()).rejects.toThrow();
    monotonicMs += HOUR_MS;
    expect(clock.now()).toBe(trueTime());
    clock.close();
  });
});
