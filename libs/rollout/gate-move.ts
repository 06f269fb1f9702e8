import type { CohortCounts } from '../gate/harm-test.js';
import { type ReviewLoad, reviewLoad } from '../gate/review-load.js';
import { type GateReason, type GateVerdict, isBraking, type StageTotals, verdictOf } from '../gate/verdict.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import type { Position } from '../kernel/envelope.js';
import type { RolloutEvent } from './events.js';
import { oldFigures, stoppedFigures } from './gate-inputs.js';
import type { Gate } from './gate-stage.js';
import { COHORTS_NAMED } from './move-events.js';
import { nextStep, type Ramp } from './ramp.js';

type Moved = Extract<RolloutEvent, { type: 'GateMoved' }>['data'];

/** The evidence of one moment, as integers; see the views that it comes from. */
export interface Evidence extends Pick<StageTotals, 'counts' | 'accounts'> {
  cohorts: readonly (CohortCounts & { cohortId: string })[];
  figures: Omit<Moved['figures'], 'lateBySeconds'> & { arrived: number };
  /** Undefined for a move of a release that did not count late labels. */
  late?: Moved['late'];
  /** Epoch milliseconds. */
  at: number;
  position: Position;
  /** By view, for each shard. */
  positions: Record<string, readonly Position[]>;
}

/** The rate of the next step of the ramp plan; without one, twice the present rate. */
export const askedRate = ({ perWeek = 0, ramp }: { perWeek?: number; ramp?: Ramp }): number =>
  nextStep(ramp)?.perWeek ?? 2 * perWeek;

export interface GateReading {
  verdict: GateVerdict;
  load: ReviewLoad;
  /** When a hold may end at the earliest, in epoch milliseconds; undefined if that is not to be expected. */
  expectedAt?: number;
}

type Known = Pick<Gate, 'settings' | 'stage' | 'alphaLeft' | 'harmStage'>;

/**
 * What the evidence says.
 * @param perWeek the rate that is asked about
 * @param lateBySeconds how long the first event that the views lack has been stored
 */
export function readGate(
  gate: Known,
  evidence: Omit<Evidence, 'positions'>,
  perWeek: number,
  lateBySeconds = 0,
): GateReading {
  const { settings, stage, alphaLeft, harmStage } = gate;
  const { counts, accounts, cohorts, late, figures, at } = evidence;
  const load = reviewLoad(figures, at, perWeek);
  const old = oldFigures(settings, evidence, lateBySeconds);
  const stopped = stoppedFigures(settings, evidence, lateBySeconds);
  const totals = {
    stage: stage?.ordinal ?? 1,
    alphaLeft,
    counts,
    accounts,
    cohorts,
    late,
    harmStage,
    load,
    old,
    stopped,
  };
  const verdict = verdictOf(totals, settings);
  const expectedAt = expectedEnd(gate, verdict, evidence);
  return { verdict, load, ...(expectedAt !== undefined && { expectedAt }) };
}

/**
 * If exposures go on as in the last week and none of them is a violation: when the last one that is needed is old enough, and the
 * first account can count.
 */
function expectedEnd(
  { settings, stage }: Known,
  { outcome, exposures, accounts }: GateVerdict,
  { figures, counts, at }: Pick<Evidence, 'figures' | 'counts' | 'at'>,
): number | undefined {
  const { moreCleanExposures: more } = exposures;
  const suffices = exposures.passes && accounts.passes;
  if (outcome !== 'hold' || !stage || more === null || suffices) return undefined;
  const delayMs = settings.labelDelayDays * DAY_MS;
  const ahead = figures.arrived - counts.exposures;
  const wanted = Math.max(0, more - ahead);
  if (wanted > 0 && figures.exposedInWeek === 0) return undefined;
  const ofExposures = more === 0 ? at : at + delayMs + (wanted > 0 ? (wanted / figures.exposedInWeek) * 7 * DAY_MS : 0);
  const ofAccounts = accounts.passes ? at : Date.parse(stage.at) + settings.accountDays * DAY_MS + delayMs;
  const end = Math.ceil(Math.max(at, ofExposures, ofAccounts));
  return end < 8.64e15 ? end : undefined;
}

const brakesOf = (reasons: readonly GateReason[]): string => reasons.filter(isBraking).join();

/**
 * Moves the gate to what the evidence says. A no-op unless the stage, the outcome or the cause of a brake is another one: that
 * there is more evidence for the same is no move.
 * @param perWeek the rate that is asked about
 * @param isAdmission only what stops or frees admissions
 */
export function moveGate(
  gate: Gate,
  evidence: Evidence,
  perWeek: number,
  lateBySeconds: number,
  isAdmission = false,
): RolloutEvent[] {
  const { stage, move, settings, harmStage } = gate;
  if (!stage) return [];
  const reading = readGate(gate, evidence, perWeek, lateBySeconds);
  const { outcome, reasons } = reading.verdict;
  const isBrakeSame = brakesOf(move?.reasons ?? []) === brakesOf(reasons);
  if (isAdmission && isBrakeSame) return [];
  if (isBrakeSame && move?.outcome === outcome && move.stage === stage.ordinal) return [];
  return [
    {
      type: 'GateMoved',
      data: {
        outcome,
        ...(move && { before: move.outcome }),
        reasons,
        stage: stage.ordinal,
        since: stage.since,
        at: toIso(evidence.at),
        position: evidence.position,
        ...aheadOf(evidence),
        parameters: settings,
        perWeek,
        ...evidenceOf(reading, evidence, lateBySeconds),
        isHarmKnown: harmStage !== undefined,
        ...(reading.expectedAt !== undefined && { expectedAt: toIso(reading.expectedAt) }),
      },
    },
  ];
}

/** The integers of a move, and what was computed from them. */
export function evidenceOf(
  { verdict }: GateReading,
  { counts, cohorts: named, late, figures }: Pick<Evidence, 'counts' | 'cohorts' | 'late' | 'figures'>,
  lateBySeconds: number,
): Pick<Moved, 'missing' | 'exposures' | 'accounts' | 'cohorts' | 'late' | 'figures'> {
  const { arrived, ...others } = figures;
  const { missing } = verdict;
  const { limit, prior, alpha, logE, requiredExposures: required, moreCleanExposures: moreClean } = verdict.exposures;
  const { accounts, exposures, violations, logE: logEOfAccounts } = verdict.accounts;
  const cohorts = verdict.harm
    .map(({ ordinal, exposures: n, confirmed, isHarm }, i) => ({
      ...{ cohortId: named[i]!.cohortId, ordinal, exposures: n, confirmed, isHarm },
    }))
    .sort((one, other) => Number(other.isHarm) - Number(one.isHarm) || one.ordinal - other.ordinal)
    .slice(0, COHORTS_NAMED);
  return {
    // A release that did not count active people did not name what was missing.
    ...(figures.activePeople !== undefined && missing.length > 0 && { missing: [...missing] }),
    exposures: { ...counts, arrived, limit, ...prior, alpha, logE, required, moreClean },
    accounts: { accounts, exposures, violations, logE: logEOfAccounts },
    cohorts,
    ...(late && { late: { ...late } }),
    figures: { ...others, lateBySeconds },
  };
}

function aheadOf({ position, positions }: Evidence): Pick<Moved, 'ahead'> {
  const ahead = Object.entries(positions)
    .filter(([, shards]) => shards.some((shard) => shard !== position))
    .map(([view, shards]) => ({ view, shards: [...shards] }));
  return ahead.length > 0 ? { ahead } : {};
}
