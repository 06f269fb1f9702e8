import { AccountEvidence } from './account-evidence.js';
import { alphaWithin } from './alpha-spending.js';
import { lowerBound, upperBound } from './bounds.js';
import { logESafe, type Prior, priorNearLimit, priorOfLimit } from './evidence.js';
import { type CohortCounts, type HarmTest, testForHarm } from './harm-test.js';
import { type LateCounts, type LateTest, testOfLateShare } from './late-labels.js';
import { type MaturedCounts, testedLimit } from './matured-prefix.js';
import { openingExposures, thresholdOf } from './opening-boundary.js';
import type { ReviewLoad } from './review-load.js';

/** What holds unless operators set something else. */
export const USUAL_CAPACITY = { mostLoad: 0.8, mostWaitingDays: 1, brakingDays: 3, silenceDays: 2 };
/** Deactivations that take longer let violators go on: no time to raise the rate. */
const MOST_DEACTIVATION_SECONDS = 3600;

const OLD_FIGURES = ['views', 'exposures'] as const;
/** Inputs of the gate that may be older than a raise allows. */
export type OldFigure = (typeof OLD_FIGURES)[number];
/** Inputs of the gate that may be missing, or older than a raise allows. */
export const MISSING_FIGURES = ['reviews', 'active-people', ...OLD_FIGURES] as const;
export type MissingFigure = (typeof MISSING_FIGURES)[number];

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
  /** A raise needs the expected cases to fit in this share of what reviewers can decide. */
  mostLoad?: number;
  /** A raise waits while more cases wait than reviewers can decide in so many days. */
  mostWaitingDays?: number;
  /** Admissions stop while more cases wait than reviewers can decide in so many days. */
  brakingDays?: number;
  /** Admissions stop if no image was exposed for so many days although some were before. */
  silenceDays?: number;
}

/** Accounts whose windows are closed and that are alike. */
export interface AccountGroup {
  exposures: number;
  /** Flagged and not dismissed. */
  violations: number;
  accounts: number;
}

/** Totals of a stage, all of them of the same position of the log. */
export interface StageTotals {
  /** 1 for the first; never restarts. */
  stage: number;
  /** The share of alpha that the stages before have left; 1 if it is not given. */
  alphaLeft?: number;
  counts: MaturedCounts;
  accounts: readonly AccountGroup[];
  cohorts: readonly CohortCounts[];
  /** Undefined for a decision of a release that did not count them. */
  late?: LateCounts | undefined;
  /** The stage in which harm was found last, if nothing has ended it since. */
  harmStage?: number | undefined;
  load: ReviewLoad;
  /** Inputs that are older than a raise allows; those that the load lacks are missing as well. */
  old: readonly OldFigure[];
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

/** Why the gate holds or brakes; none if it expands. */
export const BRAKING_REASONS = ['cohort-harm', 'harm-before', 'backlog-too-long', 'figures-stopped'] as const;
export const HOLDING_REASONS = [
  'figures-missing',
  'exposures-insufficient',
  'accounts-insufficient',
  'accounts-over-cap',
  'late-share-exceeded',
  'load-too-high',
  'backlog-over-a-day',
  'deactivations-slow',
] as const;
export type GateReason = (typeof BRAKING_REASONS)[number] | (typeof HOLDING_REASONS)[number];

/** Whether a reason stops admissions, and not only a raise. */
export const isBraking = (reason: GateReason): boolean => (BRAKING_REASONS as readonly string[]).includes(reason);

export interface GateVerdict {
  /** `expand`: the rate may rise. `hold`: the set rate stays. `brake`: no further admission. */
  outcome: 'expand' | 'hold' | 'brake';
  reasons: GateReason[];
  /** What `figures-missing` is about. */
  missing: readonly MissingFigure[];
  exposures: ExposureTest;
  accounts: AccountTest;
  harm: HarmTest[];
  /** Undefined without counts of late labels. */
  late?: LateTest | undefined;
}

/** Decides from integers and parameters alone, so that a recomputation of the same totals agrees. */
export function verdictOf(totals: StageTotals, parameters: GateParameters): GateVerdict {
  const exposures = testOfExposures(totals, parameters);
  const accounts = testOfAccounts(totals, parameters);
  const harm = totals.cohorts.map((cohort) => testForHarm(cohort, parameters));
  const late = totals.late && testOfLateShare(totals.late, parameters);
  const { load, stopped } = totals;
  const missing = missingFigures(totals);
  const { supplyPerDay: supply, casesPerDayAfter, waiting, deactivationSeconds } = load;
  const { mostLoad, mostWaitingDays, brakingDays } = { ...USUAL_CAPACITY, ...parameters };
  const isHarmful = harm.some(({ isHarm }) => isHarm);
  const braking = reasonsIf({
    'cohort-harm': isHarmful,
    'harm-before': !isHarmful && isHarmLasting(totals, exposures),
    'backlog-too-long': supply !== null && waiting > brakingDays * supply,
    'figures-stopped': stopped.length > 0,
  });
  const holding = reasonsIf({
    'figures-missing': missing.length > 0,
    'exposures-insufficient': !exposures.passes,
    'accounts-insufficient': !accounts.passes,
    // What such accounts did beyond the cap is not counted, so the promise would not be about it.
    'accounts-over-cap': totals.accounts.some(
      ({ violations, accounts: n }) => n > 0 && violations > parameters.accountCap,
    ),
    // The limit that is tested has a discount for that share only.
    'late-share-exceeded': late?.isExceeded === true,
    'load-too-high': supply !== null && casesPerDayAfter !== null && casesPerDayAfter > mostLoad * supply,
    'backlog-over-a-day': supply !== null && waiting > mostWaitingDays * supply,
    'deactivations-slow': deactivationSeconds !== null && deactivationSeconds > MOST_DEACTIVATION_SECONDS,
  });
  const outcome = braking.length > 0 ? 'brake' : holding.length > 0 ? 'hold' : 'expand';
  return { outcome, reasons: [...braking, ...holding], missing, exposures, accounts, harm, late };
}

const missingFigures = ({ load, old }: StageTotals): MissingFigure[] => [
  ...(load.supplyPerDay === null ? (['reviews'] as const) : []),
  ...(load.casesPerDayAfter === null ? (['active-people'] as const) : []),
  ...old,
];

/** Only the evidence of a later stage refutes harm: that of its own stage had it, whatever came afterwards. */
const isHarmLasting = ({ harmStage, stage }: StageTotals, { passes }: ExposureTest): boolean =>
  harmStage !== undefined && !(stage > harmStage && passes);

/** What a stage may spend of alpha. */
const alphaOf = (
  { alpha, plannedStages }: GateParameters,
  { stage, alphaLeft = 1 }: Pick<StageTotals, 'stage' | 'alphaLeft'>,
): number => alphaWithin(alpha, stage, plannedStages, alphaLeft);

const limitOf = ({ limit, lateShare, recallLower }: GateParameters): number =>
  testedLimit(limit, lateShare, recallLower);

/** A flag that waits counts as a violation. */
function testOfExposures(totals: StageTotals, parameters: GateParameters): ExposureTest {
  const { counts } = totals;
  const [n, x] = [counts.exposures, counts.pending + counts.confirmed];
  const [limit, alpha] = [limitOf(parameters), alphaOf(parameters, totals)];
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

function testOfAccounts(totals: StageTotals, parameters: GateParameters): AccountTest {
  const { accounts: groups } = totals;
  const { accountCap: cap } = parameters;
  const evidence = new AccountEvidence(limitOf(parameters), cap);
  const sums = { accounts: 0, exposures: 0, violations: 0 };
  for (const { exposures, violations, accounts } of groups.toSorted(byCounts)) {
    evidence.add(exposures, violations, accounts);
    sums.accounts += accounts;
    sums.exposures += exposures * accounts;
    sums.violations += Math.min(violations, cap) * accounts;
  }
  return { passes: evidence.reaches(thresholdOf(alphaOf(parameters, totals))), ...sums, cap, logE: evidence.logE };
}

/** A sum depends on its order by its last digit; the totals have none. */
const byCounts = (a: AccountGroup, b: AccountGroup): number => a.exposures - b.exposures || a.violations - b.violations;

/** The one-sided bounds of the tests, which a chart shows: open exactly if the upper one is below the limit. */
export function boundsOf(parameters: GateParameters, stage: number, alphaLeft: number) {
  const limit = limitOf(parameters);
  const alpha = alphaOf(parameters, { stage, alphaLeft });
  const prior = parameters.isNearLimit ? priorNearLimit(limit) : priorOfLimit(limit);
  const boundsAt = ({ exposures: n, pending, confirmed }: MaturedCounts) => ({
    lower: alpha > 0 ? lowerBound({ n, x: confirmed }, priorOfLimit(parameters.limit), thresholdOf(alpha)) : 0,
    upper: alpha > 0 ? upperBound({ n, x: confirmed + pending }, prior, thresholdOf(alpha)) : 1,
  });
  return { limit, boundsAt };
}

const reasonsIf = (reasons: Partial<Record<GateReason, boolean>>): GateReason[] =>
  Object.entries(reasons).flatMap(([reason, isSo]) => (isSo ? [reason as GateReason] : []));
