import type pg from 'pg';
import { accountStandingView } from '../../account/index.js';
import { DAY_MS, toIso, WEEK_MS } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../../review/index.js';
import { activePeopleView, safetyImagesView } from '../../safety/index.js';
import { waitlistEntriesView } from '../../waitlist/index.js';

/** The views that history is counted in. */
export const CALIBRATION_SOURCES = [
  waitlistEntriesView,
  accountStandingView,
  safetyImagesView,
  casesView,
  activePeopleView,
] as const;

const PEOPLE = viewTable(waitlistEntriesView);
const ACCOUNTS = viewTable(accountStandingView);
const IMAGES = viewTable(safetyImagesView);
const CASES = viewTable(casesView);
const ACTIVE_WEEKS = viewTable(activePeopleView);

/** Weeks since onboarding from which on all are one. */
export const LONGEST_STAY_WEEKS = 25;
/** Days of reviews and of the evidence that are counted one by one; what is older counts in the first. */
export const COUNTED_DAYS = 28;
/** Images that are younger may still be shared: they don't count for how many are. */
const USE_DAYS = 1;

const DAY_SECONDS = 86_400;
const WEEK_DAYS = 7;
const WEEK_SECONDS = WEEK_DAYS * DAY_SECONDS;

/** SQL: whole weeks between two times. */
const weeksBetween = (from: string, to: string): string =>
  `least(${LONGEST_STAY_WEEKS}, floor(date_part('epoch', ${to} - ${from}) / ${WEEK_SECONDS}))::int`;

/** SQL: whole days between two times. */
const daysAgo = (at: string, now: string): string =>
  `greatest(0, least(${COUNTED_DAYS}, floor(date_part('epoch', ${now} - ${at}) / ${DAY_SECONDS})))::int`;

/** SQL: when somebody had to go, if so. */
const GONE = 'CASE WHEN a.deactivated THEN a.deactivated_at END';

/*
 * `$1` is where the period begins and `$2` the time of the reading, unless a query says otherwise. OFFSET 0 keeps the planner from sorting all rows to
 * group them by what it can't estimate: there are few groups, which a hash table counts.
 */

const JOINS = `SELECT class, floor(extract(epoch FROM $2::timestamptz - joined_at) / ${WEEK_SECONDS})::int AS "weeksAgo", count(*)::float8 AS people
  FROM ${PEOPLE} WHERE joined_at > $1::timestamptz AND joined_at <= $2::timestamptz GROUP BY 1, 2 ORDER BY class COLLATE "C", 2`;

const FIRST_JOIN = `SELECT min(joined_at) AS at FROM ${PEOPLE}`;

const WAITING = `SELECT class, count(*)::float8 AS people FROM ${PEOPLE} WHERE status IN ('waiting', 'invited', 'accepted')
  GROUP BY 1 ORDER BY class COLLATE "C"`;

/**
 * SQL: how much of each week of their stays people were there, by class and week, from sums of where they began and ended: no row for each week of
 * each person. Of a week that is over before an end all counts, of the one with the end what is before it.
 * @param stays has `class`, and `since` and `until`: the part of each stay that counts, since its beginning
 * @param week as long as a week in the same unit
 */
const weeksOf = (stays: string, week: number): string => `
  SELECT class, n AS week, sum(CASE WHEN ends.week > n THEN people * ${week} ELSE rest END) AS amount
  FROM (
    SELECT class, week, sum(sign) AS people, sum(sign * (at - week * ${week})) AS rest
    FROM (
      SELECT class, at, sign, least(${LONGEST_STAY_WEEKS}, floor(at / ${week}))::int AS week
      FROM ${stays} s, LATERAL (VALUES (since, -1), (until, 1)) e (at, sign) WHERE until > since OFFSET 0
    ) each GROUP BY 1, 2
  ) ends JOIN generate_series(0, ${LONGEST_STAY_WEEKS}) n ON ends.week >= n GROUP BY 1, 2`;

/** In seconds, as far as they lie in the period. */
const STAYS = `
  WITH stays AS (
    SELECT p.class, extract(epoch FROM greatest($1::timestamptz, p.onboarded_at) - p.onboarded_at) AS since,
      extract(epoch FROM least($2::timestamptz, ${GONE}) - p.onboarded_at) AS until
    FROM ${PEOPLE} p JOIN ${ACCOUNTS} a USING (account_id) WHERE p.onboarded_at <= $2::timestamptz)
  SELECT class, week, (amount / ${DAY_SECONDS})::float8 AS "personDays" FROM (${weeksOf('stays', WEEK_SECONDS)}) weeks
  WHERE amount > 0 ORDER BY class COLLATE "C", 2`;

/** `$1`: the time of the reading. */
const PRESENT = `SELECT class, ${weeksBetween('p.onboarded_at', '$1::timestamptz')} AS week, count(*)::float8 AS people
  FROM ${PEOPLE} p JOIN ${ACCOUNTS} a USING (account_id)
  WHERE p.onboarded_at <= $1::timestamptz AND NOT a.deactivated GROUP BY 1, 2 ORDER BY class COLLATE "C", 2`;

const GENERATED = `SELECT class, week, count(*)::float8 AS images FROM (
    SELECT p.class, ${weeksBetween('p.onboarded_at', 'i.generated_at')} AS week FROM ${IMAGES} i JOIN ${PEOPLE} p USING (account_id)
    WHERE i.generated_at > $1::timestamptz AND i.generated_at <= $2::timestamptz AND i.generated_at >= p.onboarded_at OFFSET 0
  ) image GROUP BY 1, 2 ORDER BY class COLLATE "C", 2`;

/** SQL: the day of a time in UTC, in days since 1970. */
const dayOf = (time: string): string => `floor(date_part('epoch', ${time}) / ${DAY_SECONDS})::int`;

/** SQL: the bits of the days of a week before one of them. */
const daysBefore = (day: string): string => `((1 << ${day}) - 1)`;

/**
 * Days in UTC, of which the first begins before somebody came in; and on how many of them somebody was active. A calendar week has days of two weeks
 * of a stay at most: those before `turn` and the others.
 */
const ACTIVE = `
  WITH stays AS (
    SELECT account_id, p.class, ${dayOf('p.onboarded_at')} AS began, ${dayOf('greatest($1::timestamptz, p.onboarded_at)')} AS first,
      ${dayOf(`least($2::timestamptz, ${GONE})`)} AS last
    FROM ${PEOPLE} p JOIN ${ACCOUNTS} a USING (account_id) WHERE p.onboarded_at <= $2::timestamptz),
  active AS (
    SELECT class, week, bit_count(days::bit(${WEEK_DAYS})) AS days FROM (
      SELECT class, least(${LONGEST_STAY_WEEKS}, stay_week + part)::int AS week,
        days & CASE part WHEN 0 THEN ${daysBefore('turn')} ELSE ~${daysBefore('turn')} END AS days
      FROM (
        SELECT s.class, (w.monday - s.began + ${WEEK_DAYS}) / ${WEEK_DAYS} - 1 AS stay_week,
          ${WEEK_DAYS} - (w.monday - s.began + ${WEEK_DAYS}) % ${WEEK_DAYS} AS turn,
          w.days & ${daysBefore(`least(${WEEK_DAYS}, s.last - w.monday + 1)`)} & ~${daysBefore('greatest(0, s.first - w.monday)')} AS days
        FROM ${ACTIVE_WEEKS} w JOIN stays s USING (account_id)
        WHERE w.monday BETWEEN ${dayOf('$1::timestamptz')} - ${WEEK_DAYS - 1} AND ${dayOf('$2::timestamptz')}
          AND w.monday BETWEEN s.first - ${WEEK_DAYS - 1} AND s.last
      ) weeks, generate_series(0, 1) part OFFSET 0
    ) parts WHERE days <> 0)
  SELECT class, week, d.amount::float8 AS days, coalesce(a.days, 0)::float8 AS "activeDays"
  FROM (${weeksOf('(SELECT class, (first - began)::numeric AS since, (last - began + 1)::numeric AS until FROM stays)', WEEK_DAYS)}) d
  LEFT JOIN (SELECT class, week, sum(days) AS days FROM active GROUP BY 1, 2) a USING (class, week)
  WHERE d.amount > 0 ORDER BY class COLLATE "C", week`;

/** SQL: the sums of a part of each account's images, its squares and its products, from which the spread between accounts follows. */
const sumsOf = (part: string, whole: string): string =>
  `sum(${part})::float8 AS ${part}, sum(${part} * ${part})::float8 AS "${part}Squared", sum(${part} * ${whole})::float8 AS "${part}Product"`;

/** A first share that is not by link counts as public. */
const SHARED =
  'exposed_at IS NOT NULL AND shared_at IS NOT NULL AND (link_shared_at IS NULL OR shared_at < link_shared_at)';

const USES = `
  WITH each AS (
    SELECT account_id, count(*) AS images, count(*) FILTER (WHERE ${SHARED}) AS shared,
      count(*) FILTER (WHERE exposed_at IS NOT NULL AND NOT (${SHARED})) AS downloaded
    FROM ${IMAGES} WHERE generated_at > $1::timestamptz AND generated_at <= $2::timestamptz - interval '${USE_DAYS} day'
    GROUP BY 1)
  SELECT class, count(*)::float8 AS accounts, sum(images)::float8 AS images, sum(images * images)::float8 AS "imagesSquared",
    ${sumsOf('shared', 'images')}, ${sumsOf('downloaded', 'images')}
  FROM each JOIN ${PEOPLE} USING (account_id) GROUP BY 1 ORDER BY class COLLATE "C"`;

/** `$2`: exposures before it have had the time for their flags. */
const EXPOSURES = `
  WITH each AS (
    SELECT account_id, count(*) AS exposed, count(*) FILTER (WHERE case_status = 'confirmed') AS confirmed,
      count(*) FILTER (WHERE flagged_at IS NOT NULL AND case_status IN ('dismissed', 'model_problem')) AS dismissed,
      count(*) FILTER (WHERE flagged_at IS NOT NULL AND case_status IN ('none', 'open')) AS pending
    FROM ${IMAGES} WHERE exposed_at > $1::timestamptz AND exposed_at <= $2::timestamptz GROUP BY 1)
  SELECT class, count(*)::float8 AS accounts, sum(exposed)::float8 AS exposed, sum(exposed * exposed)::float8 AS "exposedSquared",
    ${sumsOf('confirmed', 'exposed')}, ${sumsOf('dismissed', 'exposed')}, sum(pending)::float8 AS pending
  FROM each JOIN ${PEOPLE} USING (account_id) GROUP BY 1 ORDER BY class COLLATE "C"`;

/** Flags that came in that time, of the same exposures. `$3`: it, in days. */
const FLAGS = `
  SELECT count(*)::float8 AS flagged, (count(*) FILTER (WHERE NOT detected))::float8 AS "byUsers",
    coalesce(sum(greatest(0, extract(epoch FROM flagged_at - exposed_at))) / ${DAY_SECONDS}, 0)::float8 AS "delayDays"
  FROM ${IMAGES} WHERE exposed_at > $1::timestamptz AND exposed_at <= $2::timestamptz
    AND flagged_at <= exposed_at + $3::float8 * interval '1 day'`;

/** `$1`: the time of the reading. */
const REVIEW_DAYS = `
  SELECT d AS "daysAgo", coalesce(o.cases, 0)::float8 AS opened, coalesce(c.cases, 0)::float8 AS decided
  FROM generate_series(0, ${COUNTED_DAYS - 1}) d
  LEFT JOIN (SELECT ${daysAgo('opened_at', '$1::timestamptz')} AS d, count(*) AS cases FROM ${CASES} GROUP BY 1) o USING (d)
  LEFT JOIN (SELECT ${daysAgo('decided_at', '$1::timestamptz')} AS d, count(*) AS cases FROM ${CASES} WHERE decided_at IS NOT NULL GROUP BY 1) c USING (d)
  ORDER BY 1 DESC`;

/** `$1`: since when. */
const REVIEW_HOURS = `
  SELECT extract(hour FROM decided_at AT TIME ZONE 'UTC')::int AS hour, count(*)::float8 AS decided FROM ${CASES}
  WHERE decided_at > $1::timestamptz GROUP BY 1 ORDER BY 1`;

/** `$1`: since when. */
const REVIEWERS = `SELECT count(DISTINCT reviewer)::float8 AS reviewers
  FROM ${CASES}, jsonb_array_elements_text(reviewers) AS reviewer WHERE decided_at > $1::timestamptz`;

/** Of rounds that began until `$2`. One that waits has no decision yet, so a percentile may not be known. */
const VERDICT_TIMES = `
  SELECT count(*)::float8 AS cases, (count(*) FILTER (WHERE decided_at IS NULL))::float8 AS waiting,
    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY CASE WHEN decided_at IS NULL THEN 'Infinity'::float8
      ELSE greatest(0, extract(epoch FROM decided_at - flagged_at))::float8 * 1000 END) AS times
  FROM ${CASES} WHERE opened_at > $1::timestamptz AND opened_at <= $2::timestamptz AND origin <> 'golden'`;

const WAITING_CASES = `SELECT count(*)::float8 AS cases FROM ${CASES} WHERE decided_at IS NULL`;

/** `$1`: the event that the stage began with; `$2`: the time of the reading. */
const STAGE_DAYS = `
  SELECT class, "daysAgo", count(*)::float8 AS exposed,
    (count(*) FILTER (WHERE flagged_at IS NOT NULL OR case_status = 'confirmed'))::float8 AS flagged,
    (count(*) FILTER (WHERE flagged_at IS NOT NULL AND case_status IN ('none', 'open')))::float8 AS pending,
    (count(*) FILTER (WHERE case_status = 'confirmed'))::float8 AS confirmed
  FROM (
    SELECT coalesce(p.class, '') AS class, ${daysAgo('i.exposed_stored_at', '$2::timestamptz')} AS "daysAgo", flagged_at, case_status
    FROM ${IMAGES} i LEFT JOIN ${PEOPLE} p USING (account_id) WHERE exposed_position > $1 OFFSET 0
  ) image GROUP BY 1, 2 ORDER BY 1, 2 DESC`;

/** Of which history is counted. */
export interface CalibrationPeriod {
  /** Epoch milliseconds. */
  now: number;
  weeks: number;
  /** After so many days a label counts. */
  labelDelayDays: number;
  /** The event that the stage began with; without one there is no evidence. */
  since?: Position;
}

/** Where its period begins. */
export const beginOf = ({ now, weeks }: Pick<CalibrationPeriod, 'now' | 'weeks'>): string =>
  toIso(now - weeks * WEEK_MS);

/**
 * Totals of a period by week, class and day: linear in its images, the images of the stage and the people.
 * @throws ViewNotBuilt
 */
export async function calibrationCounts(db: Pick<pg.Pool, 'query'>, period: CalibrationPeriod) {
  // biome-ignore lint/suspicious/noExplicitAny: rows as each query names them
  const rows = async (text: string, ...values: unknown[]): Promise<any[]> =>
    (await queryView(db, { text, values })).rows;
  const { now, labelDelayDays, since } = period;
  const [from, to] = [beginOf(period), toIso(now)];
  const mature = toIso(now - labelDelayDays * DAY_MS);
  const lately = toIso(now - COUNTED_DAYS * DAY_MS);
  const [flags] = await rows(FLAGS, from, mature, labelDelayDays);
  const [times] = await rows(VERDICT_TIMES, from, mature);
  const [{ reviewers }] = await rows(REVIEWERS, lately);
  const [{ cases: waitingCases }] = await rows(WAITING_CASES);
  const [{ at: firstJoin }] = await rows(FIRST_JOIN);
  return {
    firstJoin: firstJoin && toIso(new Date(firstJoin).getTime()),
    joins: await rows(JOINS, from, to),
    waiting: await rows(WAITING),
    stays: await rows(STAYS, from, to),
    present: await rows(PRESENT, to),
    generated: await rows(GENERATED, from, to),
    active: await rows(ACTIVE, from, to),
    uses: await rows(USES, from, to),
    exposures: await rows(EXPOSURES, from, mature),
    flags,
    reviewers,
    waitingCases,
    verdictTimes: times,
    reviewDays: await rows(REVIEW_DAYS, to),
    reviewHours: await rows(REVIEW_HOURS, lately),
    stageDays: since === undefined ? [] : await rows(STAGE_DAYS, since, to),
  };
}
