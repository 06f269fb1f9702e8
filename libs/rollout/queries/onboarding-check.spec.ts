import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { buildEmpty } from '../../../test/support/empty-views.js';
import { runs } from '../../../test/support/runs.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { DAY_MS, toIso, WEEK_MS } from '../../kernel/clock.js';
import { viewTable } from '../../projections/view-tables.js';
import { cohortsView } from '../views/cohorts.js';
import { onboardingsView } from '../views/onboardings.js';
import { peopleAboveRate } from './onboarding-check.js';

const NOW = Date.parse('2022-06-18T09:00:00Z');
const HOUR_MS = DAY_MS / 24;

/** Who was onboarded when, as of which admission; positions follow from the order. */
interface Person {
  at: number;
  /** Its number, from 1; also its position. Nothing for a cohort that nobody admitted. */
  admission?: number;
}

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
  await buildEmpty(pool, [cohortsView, onboardingsView]);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(empty);

async function empty() {
  await pool.query(`TRUNCATE ${viewTable(onboardingsView)}, ${viewTable(cohortsView)}`);
}

/** @param rates of the admissions 1, 2, … */
async function stored(people: readonly Person[], rates: readonly number[]) {
  await pool.query(
    `INSERT INTO ${viewTable(cohortsView)} (cohort_id, admission, per_week, onboarded, closed, status, position)
     SELECT 'c' || n, n, rate, 0, true, 'onboarded', 0 FROM unnest($1::int[]) WITH ORDINALITY AS t(rate, n)`,
    [rates],
  );
  const rows = people.map(({ at, admission }, n) => ({ id: `p${n}`, cohort: `c${admission ?? 0}`, at: toIso(at) }));
  await pool.query(
    `INSERT INTO ${viewTable(onboardingsView)} (account_id, cohort_id, onboarded_at, times, position)
     SELECT id, cohort, at, 1, 1000 + row_number() OVER () FROM jsonb_to_recordset($1) AS t(id text, cohort text, at timestamptz)`,
    [JSON.stringify(rows)],
  );
}

const above = (cohortsAt = Number.MAX_SAFE_INTEGER) => peopleAboveRate(pool, NOW, cohortsAt);
const people = (count: number, at: number, admission?: number): Person[] =>
  Array.from({ length: count }, (_, n) => ({ at: at + n, ...(admission !== undefined && { admission }) }));

/** From the definition: each person ends seven days, which have the rate of the latest admission until then. */
function expected(all: readonly Person[], rates: readonly number[]): number {
  const excess = all
    .filter(({ at }) => at > NOW - WEEK_MS)
    .map(({ at }) => {
      const until = all.filter((one) => one.at <= at);
      const latest = Math.max(...until.map(({ admission = 0 }) => admission));
      return until.filter((one) => one.at > at - WEEK_MS).length - (rates[latest - 1] ?? 0);
    });
  return Math.max(0, ...excess);
}

describe('the check of the rate', () => {
  it('finds nothing where the rate was kept, also across a week that begins as the former ends', async () => {
    const first = people(10, NOW - WEEK_MS - HOUR_MS, 1);
    await stored([...first, ...people(10, NOW - HOUR_MS, 2)], [10, 10]);
    expect(await above()).toBe(0);
  });

  it('finds one person too many, a millisecond too early', async () => {
    const first = people(10, NOW - WEEK_MS - HOUR_MS, 1);
    await stored([...first, ...people(1, NOW - HOUR_MS - 1, 2)], [10, 10]);
    expect(await above()).toBe(1);
  });

  it('compares with the rate at the latest admission: people of a higher rate before are no fault, more people are', async () => {
    await stored(people(10, NOW - 2 * DAY_MS, 1), [10, 5]);
    expect(await above()).toBe(0);
    await empty();
    await stored([...people(10, NOW - 2 * DAY_MS, 1), ...people(1, NOW - DAY_MS, 2)], [10, 5]);
    expect(await above()).toBe(6);
  });

  it('counts people of a cohort that nobody admitted as too many', async () => {
    await stored(people(2, NOW - DAY_MS), []);
    expect(await above()).toBe(2);
  });

  it('waits for the cohorts that are behind', async () => {
    await stored(people(2, NOW - DAY_MS), []);
    expect(await above(1000)).toBe(0);
  });

  it('counts people whom a clock ahead of time wrote into the future', async () => {
    await stored(people(3, NOW + DAY_MS, 1), [2]);
    expect(await above()).toBe(1);
  });

  it('agrees with its definition for any people', async () => {
    const ago = fc.integer({ min: -24, max: 14 * 24 - 1 }).map((hours) => NOW - hours * HOUR_MS);
    const person = fc.record({ at: ago, admission: fc.integer({ min: 1, max: 3 }) });
    const rates = fc.array(fc.nat(4), { minLength: 3, maxLength: 3 });
    let exceeded = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(person, { maxLength: 8 }), rates, async (all, perWeek) => {
        await empty();
        await stored(all, perWeek);
        const found = await above();
        expect(found).toBe(expected(all, perWeek));
        exceeded += Math.sign(found);
      }),
      { numRuns: runs(100, 2000) },
    );
    expect(exceeded).toBeGreaterThan(10);
  });
});
