import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { accountStandingView } from '../../account/index.js';
import { DAY_MS } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import type { ViewQueries } from '../../projections/rebuilder.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { calendarBuckets } from '../calendar-buckets.js';
import { activePeopleView } from '../views/active-people.js';
import { type Days, MAX_GROUPS } from './groupings.js';

export const ACTIVE_GROUPINGS = ['day', 'week', 'cohort'] as const;

export interface ActivePeopleQuery extends Days {
  by: (typeof ACTIVE_GROUPINGS)[number];
  /** Only its people, by day or week. */
  cohort?: string;
}

export interface ActiveGroup {
  /** Null for people of no cohort. */
  group: string | null;
  people: number;
}

const WEEKS = viewTable(activePeopleView);
const ACCOUNTS = viewTable(accountStandingView);

const COUNTED = `SELECT bucket AS group, people::float8 AS people FROM ${counterTable(activePeopleView)}
  WHERE bucket COLLATE "C" >= $1 AND bucket COLLATE "C" < $2 ORDER BY bucket COLLATE "C" LIMIT ${MAX_GROUPS}`;

/** SQL: weeks of people with the bits of their days from `$1` to `$2`, both in days since 1970. */
const DAYS_IN_PERIOD = `
  SELECT account_id, monday, days
    & ((1 << (least(6, $2::int - monday) + 1)) - 1) & ~((1 << greatest(0, $1::int - monday)) - 1) AS days
  FROM ${WEEKS} WHERE monday BETWEEN $1::int - 6 AND $2::int`;

const OF_COHORT = `SELECT w.* FROM (${DAYS_IN_PERIOD}) w JOIN ${ACCOUNTS} USING (account_id) WHERE cohort_id = $3 AND w.days <> 0`;

const DAYS_OF_COHORT = `SELECT monday + n AS day, count(*)::float8 AS people
  FROM (${OF_COHORT}) w, generate_series(0, 6) n WHERE (days >> n) & 1 = 1 GROUP BY 1 ORDER BY 1 LIMIT ${MAX_GROUPS}`;

const WEEKS_OF_COHORT = `SELECT monday AS day, count(*)::float8 AS people
  FROM (${OF_COHORT}) w GROUP BY 1 ORDER BY 1 LIMIT ${MAX_GROUPS}`;

/** Whom several weeks have is one person. */
const BY_COHORT = `SELECT cohort_id AS group, count(*)::float8 AS people
  FROM (SELECT DISTINCT account_id FROM (${DAYS_IN_PERIOD}) w WHERE days <> 0) active LEFT JOIN ${ACCOUNTS} USING (account_id)
  GROUP BY 1 ORDER BY cohort_id COLLATE "C" NULLS LAST LIMIT ${MAX_GROUPS}`;

/** Far from every day, and in an int4 also with some days more. */
const NO_DAY = 1_000_000;

/** Distinct accounts that generated an image. */
@Injectable()
export class ActivePeopleReport {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** Of everybody, days and weeks have counters; the others are counted from the weeks of each account. */
  async read(query: ActivePeopleQuery): Promise<{ groups: ActiveGroup[] }> {
    return { groups: await groupsOf(this.pool, query) };
  }
}

async function groupsOf(db: ViewQueries, { by, from, to, cohort }: ActivePeopleQuery): Promise<ActiveGroup[]> {
  const [first, last] = [from, to].map((day) => (day === undefined ? undefined : Date.parse(day)));
  if (by !== 'cohort' && cohort === undefined) {
    const bucketOf = (at: number | undefined) =>
      at === undefined ? undefined : calendarBuckets(at)[by === 'day' ? 0 : 1];
    const values = [bucketOf(first) ?? `${by}:`, `${bucketOf(last) ?? `${by}:`}\u{10FFFF}`];
    const { rows } = await queryView(db, { text: COUNTED, values });
    return rows.map((row) => ({ group: row.group.slice(by.length + 1), people: row.people }));
  }
  const dayNumber = (at: number | undefined, otherwise: number) => (at === undefined ? otherwise : at / DAY_MS);
  const period = [dayNumber(first, -NO_DAY), dayNumber(last, NO_DAY)];
  if (by === 'cohort') return (await queryView(db, { text: BY_COHORT, values: period })).rows;
  const text = by === 'day' ? DAYS_OF_COHORT : WEEKS_OF_COHORT;
  const { rows } = await queryView(db, { text, values: [...period, cohort] });
  return rows.map(({ day, people }) => ({
    group: calendarBuckets(day * DAY_MS)[by === 'day' ? 0 : 1].slice(by.length + 1),
    people,
  }));
}
