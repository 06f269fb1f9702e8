import { AccountEvidence } from './account-evidence.js';
import { alphaOfPlannedStage, alphaOfStage, harmThreshold } from './alpha-spending.js';
import { lowerBound, upperBound } from './bounds.js';
import { logEHarm, logESafe, type Prior, priorNearLimit, priorOfLimit } from './evidence.js';
import { type MaturedCounts, testedLimit } from './matured-prefix.js';
import { openingExposures, thresholdOf } from './opening-boundary.js';

/** A raise needs the expected cases to fit in this share of what reviewers decide. */
const MOST_LOAD = 0.8;
/** A raise waits while more cases wait than reviewers decide in so many days. */
const MOST_WAITING_DAYS = 1;
/** Admissions stop if more cases wait than reviewers decide in so many days. */
const BRAKING_DAYS = 3;

/** What operators set; a change of any of them begins a stage. */
export interface GateParameters {
  /** The violation rate that must not be reached, between 0 and 1. */
  limit: number;
  alpha: number;
  /** At most this share of violations is flagged after the delay of labels, or reopened. */
  lateShare: number;
  /** At least this share of violations is ever found. */
  recallLower: number;
  /** For a plan that must open near 0.8 of the limit. */
  isNearLimit: boolean;
  /** Stages of the ramp plan, which share alpha evenly; without one, stage k may spend alpha / (k (k + 1)). */
  plannedStages?: number;
  /** Violations of one account that count. */
  accountCap: number;
}

/** Accounts whose windows are closed and that are alike. */
export interface AccountGroup {
  exposures: number;
  /** Flagged and not dismissed. */
  violations: number;
  accounts: number;
}

/** The matured prefix of a cohort. */
export interface CohortCounts {
  /** 1 for the first cohort that there ever was. */
  ordinal: number;
  exposures: number;
  confirmed: number;
}

/** Over the last 14 days, except for what waits now. */
export interface ReviewLoad {
  /** Null while it is too early to know, as on the first days of a rollout. */
  verdictsPerDay: number | null;
  casesPerDay: number;
  waiting: number;
  /** Accounts now and after the raise. */
  people: number;
  peopleAfter: number;
}

/** Totals of a stage, all of them of the same position of the log. */
export interface StageTotals {
  /** 1 for the first; never restarts. */
  stage: number;
  counts: MaturedCounts;
  accounts: readonly AccountGroup[];
  cohorts: readonly CohortCounts[];
  load: ReviewLoad;
  /** Names of inputs that are older than allowed or were never there. */
  missing: readonly string[];
  /** Names of figures that existed and no longer arrive. */
  stopped: readonly string[];
}

/** The test with each exposure as unit, with all that a recomputation needs. */
export interface ExposureTest {
  passes: boolean;
  n: number;
  x: number;
  /** The limit after its discounts. */
  limit: number;
  prior: Prior;
  alpha: number;
  logE: number;
  /** n*(x); null if the stage may spend nothing. */
  requiredExposures: number | null;
  /** How many more exposures without any violation would do; null if they are not to be expected at the rate so far. */
  moreCleanExposures: number | null;
  /** The highest rate that the test does not refute: below the limit exactly if it passes. */
  upper: number;
}

export interface AccountTest {
  passes: boolean;
  accounts: number;
  exposures: number;
  /** As they count, at most the cap of each account. */
  violations: number;
  cap: number;
  logE: number;
}

export interface HarmTest extends CohortCounts {
  isHarm: boolean;
  logE: number;
  threshold: number;
  /** The lowest rate that the test does not refute. */
  lower: number;
}

/** Why the gate holds or brakes; none if it expands. */
export type GateReason =
  | 'cohort-harm'
  | 'backlog-too-long'
  | 'figures-stopped'
  | 'figures-missing'
  | 'exposures-insufficient'
  | 'accounts-insufficient'
  | 'load-too-high'
  | 'backlog-over-a-day';

export interface GateVerdict {
  /** `expand`: the rate may rise. `hold`: the set rate stays. `brake`: no further admission. */
  outcome: 'expand' | 'hold' | 'brake';
  reasons: GateReason[];
  exposures: ExposureTest;
  accounts: AccountTest;
  harm: HarmTest[];
}

/** Decides from integers and parameters alone, so that a recomputation of the same totals agrees. */
export function verdictOf(totals: StageTotals, parameters: GateParameters): GateVerdict {
  const exposures = testOfExposures(totals, parameters);
  const accounts = testOfAccounts(totals, parameters);
  const harm = totals.cohorts.map((cohort) => testForHarm(cohort, parameters));
  const { load, missing, stopped } = totals;
  const { verdictsPerDay: supply, waiting } = load;
  const braking = reasonsIf({
    'cohort-harm': harm.some(({ isHarm }) => isHarm),
    'backlog-too-long': supply !== null && waiting > BRAKING_DAYS * supply,
    'figures-stopped': stopped.length > 0,
  });
  const holding = reasonsIf({
    'figures-missing': missing.length > 0 || supply === null,
    'exposures-insufficient': !exposures.passes,
    'accounts-insufficient': !accounts.passes,
    'load-too-high': supply !== null && demandAfter(load) > MOST_LOAD * supply,
    'backlog-over-a-day': supply !== null && waiting > MOST_WAITING_DAYS * supply,
  });
  const outcome = braking.length > 0 ? 'brake' : holding.length > 0 ? 'hold' : 'expand';
  return { outcome, reasons: [...braking, ...holding], exposures, accounts, harm };
}

/** What a stage may spend of alpha. */
const alphaOf = ({ alpha, plannedStages }: GateParameters, stage: number): number =>
  plannedStages === undefined ? alphaOfStage(alpha, stage) : alphaOfPlannedStage(alpha, stage, plannedStages);

const limitOf = ({ limit, lateShare, recallLower }: GateParameters): number =>
  testedLimit(limit, lateShare, recallLower);

/** A flag that waits counts as a violation. */
function testOfExposures({ stage, counts }: StageTotals, parameters: GateParameters): ExposureTest {
  const [n, x] = [counts.exposures, counts.pending + counts.confirmed];
  const [limit, alpha] = [limitOf(parameters), alphaOf(parameters, stage)];
  const prior = parameters.isNearLimit ? priorNearLimit(limit) : priorOfLimit(limit);
  const required = alpha > 0 ? openingExposures(x, { limit, alpha, prior }) : null;
  const passes = required !== null && n >= required;
  const isExpectable = required !== null && (passes || n === 0 || x < n * limit);
  return {
    ...{ passes, n, x, limit, prior, alpha },
    logE: logESafe({ n, x }, prior, limit),
    requiredExposures: required,
    moreCleanExposures: isExpectable ? Math.max(0, required! - n) : null,
    upper: alpha > 0 ? upperBound({ n, x }, prior, thresholdOf(alpha)) : 1,
  };
}

function testOfAccounts({ stage, accounts: groups }: StageTotals, parameters: GateParameters): AccountTest {
  const { accountCap: cap } = parameters;
  const evidence = new AccountEvidence(limitOf(parameters), cap);
  const sums = { accounts: 0, exposures: 0, violations: 0 };
  for (const { exposures, violations, accounts } of groups.toSorted(byCounts)) {
    evidence.add(exposures, violations, accounts);
    sums.accounts += accounts;
    sums.exposures += exposures * accounts;
    sums.violations += Math.min(violations, cap) * accounts;
  }
  return { passes: evidence.reaches(thresholdOf(alphaOf(parameters, stage))), ...sums, cap, logE: evidence.logE };
}

/** A sum depends on its order by its last digit; the totals have none. */
const byCounts = (a: AccountGroup, b: AccountGroup): number => a.exposures - b.exposures || a.violations - b.violations;

/** By confirmed violations only, since a backlog is no harm, and against the limit as it was set. */
function testForHarm(cohort: CohortCounts, { limit, alpha }: GateParameters): HarmTest {
  const counts = { n: cohort.exposures, x: cohort.confirmed };
  const prior = priorOfLimit(limit);
  const threshold = Math.log(harmThreshold(alpha, cohort.ordinal));
  const logE = logEHarm(counts, prior, limit);
  return { ...cohort, isHarm: logE >= threshold, logE, threshold, lower: lowerBound(counts, prior, threshold) };
}

/** Cases a day if everyone makes as many as now. */
const demandAfter = ({ casesPerDay, people, peopleAfter }: ReviewLoad): number =>
  people === 0 ? casesPerDay : (casesPerDay * peopleAfter) / people;

const reasonsIf = (reasons: Partial<Record<GateReason, boolean>>): GateReason[] =>
  Object.entries(reasons).flatMap(([reason, isSo]) => (isSo ? [reason as GateReason] : []));
