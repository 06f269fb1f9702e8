import type pg from 'pg';
import { accountStandingView } from '../../account/index.js';
import type { CohortCounts } from '../../gate/harm-test.js';
import type { LateCounts } from '../../gate/late-labels.js';
import type { MaturedCounts } from '../../gate/matured-prefix.js';
import type { LoadCounts } from '../../gate/review-load.js';
import { DATED_SLICE, INVITED_PREFIX } from '../../gate/sliced-cohorts.js';
import type { AccountGroup } from '../../gate/verdict.js';
import type { Position } from '../../kernel/envelope.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { casesView } from '../../review/index.js';
import { activePeopleView } from '../views/active-people.js';
import { deactivationsView } from '../views/deactivations.js';
import { SUSPECT, safetyImagesView } from '../views/safety-images.js';

/** The views that the evidence comes from. */
export const EVIDENCE_SOURCES = [
  safetyImagesView,
  accountStandingView,
  casesView,
  deactivationsView,
  activePeopleView,
] as const;

export const IMAGES = viewTable(safetyImagesView);
export const IMAGE_COUNTERS = counterTable(safetyImagesView);
export const ACCOUNTS = viewTable(accountStandingView);
export const ACCOUNT_COUNTERS = counterTable(accountStandingView);
export const CASES = viewTable(casesView);
export const CASE_COUNTERS = counterTable(casesView);
export const ACTIVE_COUNTERS = counterTable(activePeopleView);
export const DEACTIVATIONS = viewTable(deactivationsView);

/** SQL: images that may be violations, which have an index of their own. */
export const SUSPECTS = `(SELECT * FROM ${IMAGES} WHERE exposed_position IS NOT NULL AND ${SUSPECT})`;
/** SQL: a flag that is not decided yet; what was chosen for a sample and nobody flagged is none. */
export const PENDING = `i.flagged_at IS NOT NULL AND i.case_status IN ('none', 'open')`;
export const CONFIRMED = `i.case_status = 'confirmed'`;
/** SQL: whose image it was, if that account was onboarded before: what it did earlier is no evidence of any cohort. */
export const OWNED = `a.account_id = i.named_account_id AND i.named_position < i.exposed_position
  AND a.onboarded_position < i.exposed_position`;
/**
 * SQL: the account of a row `i`, as `a`, looked up for each row: the planner expects more rows than there are, and would read all accounts
 * for a few.
 */
export const OWNER = `LATERAL (SELECT * FROM ${ACCOUNTS} a WHERE ${OWNED} LIMIT 1) a`;
/** SQL: the cohort of an onboarded account, that of all slices of a batch of invitations, or of a day in UTC. */
export const COHORT = `CASE WHEN starts_with(onboarded_cohort_id, '${INVITED_PREFIX}') THEN regexp_replace(onboarded_cohort_id, '-[0-9]+$', '')
  WHEN onboarded_cohort_id ~ '${DATED_SLICE}' THEN split_part(onboarded_cohort_id, 'T', 1)
  ELSE onboarded_cohort_id END`;
/** SQL: the model of an image whose maker was known when it was exposed; empty if it was not, or had none. */
export const MODEL = `CASE WHEN named_position < exposed_position THEN coalesce(model, '') ELSE '' END`;
/** SQL: the last position there can be. */
export const NO_END = '9223372036854775807';

/** Before the first stage nothing is evidence. */
export const NO_STAGE: Position = Number.MAX_SAFE_INTEGER;

/** What part of the log is evidence. */
export interface EvidencePeriod {
  /** The event that the stage began with. */
  since: Position;
  /** Since when labels come as late as they do now: exposures after that show how many come late. */
  labelsSince: Position;
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

/** What else the gate decides by. */
export interface GateFigures extends LoadCounts {
  /** Distinct images exposed in the stage, also those that are too young to count. */
  arrived: number;
  /** Distinct images that were exposed on the last seven days, by when that happened. */
  exposedInWeek: number;
  /** When the last exposure was stored, in epoch milliseconds; null without any. */
  lastExposureAt: number | null;
  activePeople: number;
}

export interface LateLabels extends LateCounts {
  /** Of exposures after this position. */
  since: Position;
}

/** How far each shard of each view is: what the rows of the evidence include. */
export type ViewPositions = Record<string, readonly Position[]>;

/** The evidence of one moment. */
export interface EvidenceReading extends StageCounts {
  figures: GateFigures;
  late: LateLabels;
  /** As of when it was counted, in epoch milliseconds: not before an earlier reading of the stage, unless its clock was minutes ahead. */
  at: number;
  /** The time of the database, by which events are stored; in epoch milliseconds. */
  storedAt: number;
  /** Exposures and onboardings up to here are counted. */
  position: Position;
  positions: ViewPositions;
}

// biome-ignore lint/suspicious/noExplicitAny: rows as each query names them
export type Rows = (text: string, ...values: unknown[]) => Promise<any[]>;

/** @throws as `queryView` */
export const rowsOf =
  (db: Pick<pg.Pool, 'query'>): Rows =>
  async (text, ...values) =>
    (await queryView(db, { text, values })).rows;
