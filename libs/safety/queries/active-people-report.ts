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
import { IMAGE_COUNTS, type ImageCounts, imagesBy, imagesIn, NO_IMAGES } from './images-of-people.js';

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
  images: ImageCounts;
  /** The same divided by the people. */
  perPerson: ImageCounts;
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

/** Distinct accounts that generated an image, and what their images came to. */
@Injectable()
export class ActivePeopleReport {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** Of everybody, days and weeks have counters; the others are counted from the weeks of each account, and from the images of these days. */
  async read(query: ActivePeopleQuery): Promise<{ groups: ActiveGroup[] }> {
    const { people, images } = await figuresOf(this.pool, query);
    return {
      groups: people.map(({ group, people: count }) => {
        const counts = images.get(group) ?? NO_IMAGES;
        const perPerson = Object.fromEntries(IMAGE_COUNTS.map((name) => [name, counts[name] / count])) as ImageCounts;
        return { group, people: count, images: counts, perPerson };
      }),
    };
  }
}

interface Figures {
  people: Pick<ActiveGroup, 'group' | 'people'>[];
  images: Map<string | null, ImageCounts>;
}

async function figuresOf(db: ViewQueries, { by, from, to, cohort }: ActivePeopleQuery): Promise<Figures> {
  const [first, last] = [from, to].map((day) => (day === undefined ? undefined : Date.parse(day)));
  if (by !== 'cohort' && cohort === undefined) return countedFigures(db, by, first, last);
  const dayNumber = (at: number | undefined, otherwise: number) => (at === undefined ? otherwise : at / DAY_MS);
  const period = [dayNumber(first, -NO_DAY), dayNumber(last, NO_DAY)] as const;
  const images = await imagesBy(db, by, period, cohort);
  if (by === 'cohort') return { people: (await queryView(db, { text: BY_COHORT, values: [...period] })).rows, images };
  const text = by === 'day' ? DAYS_OF_COHORT : WEEKS_OF_COHORT;
  const { rows } = await queryView(db, { text, values: [...period, cohort] });
  const people = rows.map(({ day, people: count }) => ({
    group: calendarBuckets(day * DAY_MS)[by === 'day' ? 0 : 1].slice(by.length + 1),
    people: count,
  }));
  return { people, images };
}

async function countedFigures(db: ViewQueries, by: 'day' | 'week', first?: number, last?: number): Promise<Figures> {
  const prefix = `${by}:`;
  const bucketOf = (at: number) => calendarBuckets(at)[by === 'day' ? 0 : 1];
  const from = first === undefined ? prefix : bucketOf(first);
  const values = [from, `${last === undefined ? prefix : bucketOf(last)}\u{10FFFF}`];
  const { rows } = await queryView(db, { text: COUNTED, values });
  const groupOf = (bucket: string) => bucket.slice(prefix.length);
  const images = await imagesIn(
    db,
    rows.map(({ group }) => group),
  );
  return {
    people: rows.map(({ group, people }) => ({ group: groupOf(group), people })),
    images: new Map([...images].map(([bucket, counts]) => [groupOf(bucket), counts])),
  };
}
