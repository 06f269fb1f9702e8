import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { accountStandingView } from '../../account/index.js';
import type { MaturedCounts } from '../../gate/matured-prefix.js';
import type { AccountGroup, CohortCounts, ReviewLoad } from '../../gate/verdict.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { inSnapshot } from '../../platform/database/in-transaction.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../../review/index.js';
import { safetyImagesView } from '../views/safety-images.js';

/** The views that the evidence comes from. */
export const EVIDENCE_SOURCES = [safetyImagesView, accountStandingView, casesView] as const;

/** Reviewers' supply and demand are those of so many days. */
const LOAD_DAYS = 14;
/** Before so many days of cases, nobody knows what reviewers can do. */
const FIRST_DAYS = 3;

const IMAGES = viewTable(safetyImagesView);
const ACCOUNTS = viewTable(accountStandingView);
const CASES = viewTable(casesView);

/** A flag that is not decided yet; what was chosen for a sample and nobody flagged is none. */
const PENDING = `i.flagged_at IS NOT NULL AND i.case_status IN ('none', 'open')`;
const CONFIRMED = `i.case_status = 'confirmed'`;

/** The first exposure of the stage whose labels may still come; `$1` is the stage's position, `$2` when the last ones that count were stored. */
const PREFIX = `prefix AS (
    SELECT coalesce(min(exposed_position), 9223372036854775807) AS until FROM ${IMAGES}
    WHERE exposed_position > $1 AND exposed_stored_at > $2::timestamptz)`;
const MATURED = `i.exposed_position > $1 AND i.exposed_position < (SELECT until FROM prefix)`;

const COUNTS = `WITH ${PREFIX}
  SELECT count(*)::float8 AS exposures, (count(*) FILTER (WHERE ${PENDING}))::float8 AS pending,
    (count(*) FILTER (WHERE ${CONFIRMED}))::float8 AS confirmed
  FROM ${IMAGES} i WHERE ${MATURED}`;

/** Cohorts are numbered by their first onboarding, all that there ever were; those without a confirmed violation show no harm. */
const COHORTS = `WITH ${PREFIX}, cohorts AS (
    SELECT cohort_id, row_number() OVER (ORDER BY min(onboarded_position)) AS ordinal FROM ${ACCOUNTS}
    WHERE cohort_id IS NOT NULL AND onboarded_position IS NOT NULL GROUP BY cohort_id)
  SELECT c.cohort_id, c.ordinal::float8 AS ordinal, count(*)::float8 AS exposures,
    (count(*) FILTER (WHERE ${CONFIRMED}))::float8 AS confirmed
  FROM ${IMAGES} i JOIN ${ACCOUNTS} a USING (account_id) JOIN cohorts c USING (cohort_id)
  WHERE ${MATURED} GROUP BY 1, 2 HAVING count(*) FILTER (WHERE ${CONFIRMED}) > 0 ORDER BY 2`;

/** `$2`: when the last onboarding was stored whose window is closed; `$3`: the window in milliseconds. */
const GROUPS = `WITH prefix AS (
    SELECT coalesce(min(onboarded_position), 9223372036854775807) AS until FROM ${ACCOUNTS}
    WHERE onboarded_position > $1 AND onboarded_stored_at > $2::timestamptz),
  closed AS (
    SELECT a.account_id, count(i.image_id) AS exposures,
      count(i.image_id) FILTER (WHERE (${PENDING}) OR ${CONFIRMED}) AS violations
    FROM ${ACCOUNTS} a LEFT JOIN ${IMAGES} i ON i.account_id = a.account_id AND i.exposed_position > $1
      AND i.exposed_stored_at < a.onboarded_stored_at + $3::float8 * interval '1 millisecond'
    WHERE a.onboarded_position > $1 AND a.onboarded_position < (SELECT until FROM prefix) GROUP BY 1)
  SELECT exposures::float8 AS exposures, violations::float8 AS violations, count(*)::float8 AS accounts
  FROM closed GROUP BY 1, 2 ORDER BY 1, 2`;

/** Golden cases are work for reviewers too. `$1`: 14 days ago. */
const LOAD = `SELECT min(opened_at) AS first, (count(*) FILTER (WHERE opened_at > $1::timestamptz))::float8 AS opened,
    (count(*) FILTER (WHERE decided_at > $1::timestamptz))::float8 AS decided,
    (count(*) FILTER (WHERE status IN ('open', 'claimed')))::float8 AS waiting
  FROM ${CASES}`;

const PEOPLE = `SELECT count(*)::float8 AS people FROM ${ACCOUNTS} WHERE onboarded_position IS NOT NULL AND NOT deactivated`;

/** What part of the log is evidence. */
export interface EvidencePeriod {
  /** The event that the stage began with. */
  since: Position;
  /** Epoch milliseconds. */
  now: number;
  labelDelayMs: number;
  accountWindowMs: number;
}

export interface StageCounts {
  counts: MaturedCounts;
  /** Accounts that were onboarded in the stage and whose windows are closed. */
  accounts: AccountGroup[];
  /** Those with a confirmed violation. */
  cohorts: (CohortCounts & { cohortId: string })[];
}

/** Counts the evidence of the gate in the views, in the order in which exposures and accounts arrived in the log. */
@Injectable()
export class StageEvidence {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async read({ since, now, labelDelayMs, accountWindowMs }: EvidencePeriod): Promise<StageCounts> {
    const matured = toIso(now - labelDelayMs);
    const closed = toIso(now - labelDelayMs - accountWindowMs);
    const [counts, cohorts, accounts] = await inSnapshot(this.pool, async (db) => [
      await rows(db, COUNTS, since, matured),
      await rows(db, COHORTS, since, matured),
      await rows(db, GROUPS, since, closed, accountWindowMs),
    ]);
    return {
      counts: counts[0],
      accounts,
      cohorts: cohorts.map(({ cohort_id: cohortId, ...counted }) => ({ cohortId, ...counted })),
    };
  }

  /**
   * @param now epoch milliseconds
   * @param perWeek the rate that is asked about; its effect is that of the first week
   */
  async load(now: number, perWeek: number): Promise<ReviewLoad> {
    const [[load], [{ people }]] = await inSnapshot(this.pool, async (db) => [
      await rows(db, LOAD, toIso(now - LOAD_DAYS * DAY_MS)),
      await rows(db, PEOPLE),
    ]);
    const days = load.first === null ? 0 : (now - load.first.getTime()) / DAY_MS;
    const known = Math.min(LOAD_DAYS, Math.max(1, days));
    return {
      verdictsPerDay: days < FIRST_DAYS ? null : load.decided / known,
      casesPerDay: load.opened / known,
      waiting: load.waiting,
      people,
      peopleAfter: people + perWeek,
    };
  }
}

// biome-ignore lint/suspicious/noExplicitAny: rows as the query names them
async function rows(db: Pick<pg.ClientBase, 'query'>, text: string, ...values: unknown[]): Promise<any[]> {
  return (await queryView(db, { text, values })).rows;
}
