import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { accountStandingView } from '../../account/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { positionOfMoment } from '../../http/moment.js';
import { DAY_MS } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { EVENT_STORE, POOL, SETTINGS } from '../../platform/ports.js';
import { EarlierAnswers } from '../../projections/earlier-answers.js';
import { Rebuilder, type ViewQueries } from '../../projections/rebuilder.js';
import type { View } from '../../projections/view.js';
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
  private readonly answers: EarlierAnswers<{ groups: ActiveGroup[]; position: string }>;

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(Rebuilder) private readonly rebuilder: Rebuilder,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(SETTINGS) settings: Pick<Settings, 'decisionWaitMs'>,
  ) {
    this.answers = new EarlierAnswers(settings.decisionWaitMs);
  }

  /** Of everybody, days and weeks have counters; the others are counted from the weeks of each account. */
  async read(query: ActivePeopleQuery): Promise<{ groups: ActiveGroup[] }> {
    return { groups: await groupsOf(this.pool, query) };
  }

  /**
   * As they were at an earlier moment, from a replay of the log.
   * @param asOf a position or a time, as clients give it
   * @throws InvalidInput, PositionGone
   * @throws Unavailable replay-running if the replay goes on, or another one does
   */
  async readAsOf(asOf: string, query: ActivePeopleQuery): Promise<{ groups: ActiveGroup[]; position: string }> {
    const { store, epoch } = this;
    const position = await positionOfMoment(asOf, 'asOf', { store, epoch: epoch.current });
    const { by, from, to, cohort } = query;
    return this.answers.read(JSON.stringify([position, by, from, to, cohort]), () => this.readAt(position, query));
  }

  private async readAt(position: Position, query: ActivePeopleQuery) {
    const views = [activePeopleView, accountStandingView] as unknown as View[];
    const groups = await this.rebuilder.readAt(views, position, (db) => groupsOf(db, query));
    return { groups, position: String(position) };
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
