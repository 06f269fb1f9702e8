import { toIso } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import {
  ACCOUNTS,
  COHORT,
  CONFIRMED,
  type EvidencePeriod,
  IMAGES,
  NO_END,
  OWNED,
  PENDING,
  type Rows,
  type StageCounts,
} from './evidence-sources.js';

/**
 * The first exposure of the stage whose labels may still come. `$1` is the stage's position, `$2` when the last ones that count
 * were stored, `$3` the position up to which the log is counted.
 */
const PREFIX = `prefix AS (
    SELECT coalesce(min(exposed_position), ${NO_END}) AS until FROM ${IMAGES}
    WHERE exposed_position > $1 AND exposed_stored_at > $2::timestamptz)`;
const MATURED = `i.exposed_position > $1 AND i.exposed_position <= $3 AND i.exposed_position < (SELECT until FROM prefix)`;

const COUNTS = `WITH ${PREFIX}
  SELECT count(*)::float8 AS exposures, (count(*) FILTER (WHERE ${PENDING}))::float8 AS pending,
    (count(*) FILTER (WHERE ${CONFIRMED}))::float8 AS confirmed
  FROM ${IMAGES} i WHERE ${MATURED}`;

/** Cohorts are numbered by their first onboarding, all that there ever were; those without a confirmed violation show no harm. */
const COHORTS = `WITH ${PREFIX}, cohorts AS (
    SELECT ${COHORT} AS cohort_id, row_number() OVER (ORDER BY min(onboarded_position)) AS ordinal
    FROM ${ACCOUNTS} WHERE onboarded_position <= $3 GROUP BY 1)
  SELECT c.cohort_id AS "cohortId", c.ordinal::float8 AS ordinal, count(*)::float8 AS exposures,
    (count(*) FILTER (WHERE ${CONFIRMED}))::float8 AS confirmed
  FROM ${IMAGES} i JOIN ${ACCOUNTS} a ON ${OWNED} JOIN cohorts c ON c.cohort_id = ${COHORT}
  WHERE ${MATURED} GROUP BY 1, 2 HAVING count(*) FILTER (WHERE ${CONFIRMED}) > 0 ORDER BY 2`;

/** `$4`: when the last onboarding was stored whose window is closed; `$5`: the window in milliseconds. */
const GROUPS = `WITH ${PREFIX}, onboarded AS (
    SELECT coalesce(min(onboarded_position), ${NO_END}) AS until FROM ${ACCOUNTS}
    WHERE onboarded_position > $1 AND onboarded_stored_at > $4::timestamptz),
  closed AS (
    SELECT a.account_id, count(i.image_id) AS exposures,
      count(i.image_id) FILTER (WHERE (${PENDING}) OR ${CONFIRMED}) AS violations
    FROM ${ACCOUNTS} a LEFT JOIN ${IMAGES} i ON ${OWNED} AND ${MATURED}
      AND i.exposed_stored_at < a.onboarded_stored_at + $5::float8 * interval '1 millisecond'
    WHERE a.onboarded_position > $1 AND a.onboarded_position <= $3
      AND a.onboarded_position < (SELECT until FROM onboarded) GROUP BY 1)
  SELECT exposures::float8 AS exposures, violations::float8 AS violations, count(*)::float8 AS accounts
  FROM closed GROUP BY 1, 2 ORDER BY 1, 2`;

const ARRIVED = `SELECT count(*)::float8 AS arrived FROM ${IMAGES} WHERE exposed_position > $1 AND exposed_position <= $2`;

/**
 * Counts the evidence of a stage in all rows of the views, without anything that was counted before: the definition, which a
 * recomputation uses. It takes seconds with millions of images.
 */
export async function countedEvidence(
  rows: Rows,
  { since, now, labelDelayMs, accountWindowMs }: EvidencePeriod,
  position: Position,
): Promise<StageCounts & { arrived: number }> {
  const matured = [since, toIso(now - labelDelayMs), position] as const;
  const [counts] = await rows(COUNTS, ...matured);
  const cohorts = await rows(COHORTS, ...matured);
  const closed = toIso(now - labelDelayMs - accountWindowMs);
  const accounts = await rows(GROUPS, ...matured, closed, accountWindowMs);
  const [{ arrived }] = await rows(ARRIVED, since, position);
  return { counts, cohorts, accounts, arrived };
}
