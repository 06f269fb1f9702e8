import { DAY_MS } from '../kernel/clock.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, NotFound, Refusal } from '../kernel/errors.js';
import { type Asking, dueRefusal, refuseRaise } from './change-rollout.js';
import { dueChanges } from './changes.js';
import type { RolloutEvent } from './events.js';
import { FRESH_SECONDS } from './gate-inputs.js';
import { type Evidence, readGate } from './gate-move.js';
import { overrideInForce } from './gate-override.js';
import type { Gate } from './gate-stage.js';
import { endRamp, nextStep, type Ramp, type RampStep, STEP_NEEDS, type StepNeed, stepDueAt } from './ramp.js';
import { type Rollout, setRate } from './rollout.js';

/** Without an exposure for that long, evidence says nothing about the people who came since. */
const TRAFFIC_MS = DAY_MS;

/**
 * Sets a ramp plan, instead of the one before. A step that one person may not make alone has to be one that is confirmed.
 * @throws Refusal rate-not-set, confirmation-needed, approval-needed; InvalidInput for steps that do not ascend
 */
export function setRamp(
  state: Rollout,
  { steps, reason, reverts }: { steps: readonly RampStep[]; reason: string; reverts?: Position },
  { terms, newId }: Asking & { newId: string },
): RolloutEvent[] {
  const { ramp } = state;
  if (!state.perWeek)
    throw new Refusal('rate-not-set', 'no rate above 0 is set, so there is no evidence; set one first');
  if (ramp && hasSteps(ramp, steps)) return [];
  let perWeek = state.perWeek;
  for (const [i, step] of steps.entries()) {
    if (step.perWeek <= perWeek) {
      const message = `must be more than ${perWeek}, the rate before it`;
      throw new InvalidInput([{ field: `/steps/${i}/perWeek`, message }]);
    }
    const isConfirmed = step.mode === 'confirmed';
    // Not the command that sets a rate: it would raise it at once, whatever the gate says.
    const remedy = `make it a step that an operator confirms (--step ${step.perWeek}:${step.afterDays}:confirmed)`;
    refuseRaise({ perWeek }, step.perWeek, { isConfirmed, isApproved: isConfirmed }, terms, { remedy });
    perWeek = step.perWeek;
  }
  return [
    ...endRamp(state, 'replaced', reason),
    {
      type: 'RampPlanSet',
      data: { planId: newId, steps: steps.map(fieldsOf), reason, ...(reverts !== undefined && { reverts }) },
    },
  ];
}

export const hasSteps = (ramp: Ramp, steps: readonly RampStep[]): boolean =>
  JSON.stringify(ramp.steps.map(fieldsOf)) === JSON.stringify(steps.map(fieldsOf));

const fieldsOf = ({ perWeek, afterDays, exposures, mode }: RampStep): RampStep => ({
  ...{ perWeek, afterDays, ...(exposures !== undefined && { exposures }), mode },
});

/**
 * Confirms the next step of the plan. Above what one person may set, that is somebody else than the one who set the plan.
 * @throws NotFound ramp-unknown; InvalidInput for the rate of another step; Refusal same-person
 */
export function confirmStep(
  { ramp }: Rollout,
  { planId, perWeek }: { planId: string; perWeek: number },
  { by, terms }: Asking,
): RolloutEvent[] {
  const next = nextStep(ramp);
  if (ramp?.planId !== planId || !next) {
    throw new NotFound(
      'ramp-unknown',
      `no ramp plan ${planId} has a further step; gatehouse rollout status shows the plan`,
    );
  }
  if (next.perWeek !== perWeek) {
    throw new InvalidInput([{ field: '/perWeek', message: `must be the rate of the next step, ${next.perWeek}` }]);
  }
  if (ramp.confirmedBy !== undefined || next.mode === 'automatic') return [];
  if (perWeek > terms.ratePerWeekAlone && ramp.by === by) {
    throw new Refusal('same-person', `${by} set the ramp plan; another person has to confirm a step to ${perWeek}`);
  }
  return [{ type: 'RampStepConfirmed', data: { planId, perWeek } }];
}

/**
 * Withdraws the confirmation of a step that was not made yet; a no-op without one.
 * @throws Refusal not-revertible if the step was made or the plan has ended
 */
export function withdrawConfirmation(
  { ramp }: Rollout,
  { planId, perWeek, reason, reverts }: { planId: string; perWeek: number; reason: string; reverts?: Position },
): RolloutEvent[] {
  if (ramp?.planId !== planId || nextStep(ramp)?.perWeek !== perWeek) {
    throw new Refusal(
      'not-revertible',
      `the step to ${perWeek} was made, or its plan has ended; revert the event by which the rate was set (gatehouse rollout history)`,
    );
  }
  if (ramp.confirmedBy === undefined) return [];
  return [
    {
      type: 'RampConfirmationWithdrawn',
      data: { planId, perWeek, reason, ...(reverts !== undefined && { reverts }) },
    },
  ];
}

type Known = Omit<Evidence, 'positions'>;

/**
 * Makes the next step of the plan if it has all that it needs.
 * @param lateBySeconds how long the first event that the views lack has been stored
 */
export function advanceRamp(
  state: Rollout,
  evidence: Known,
  lateBySeconds: number,
  asked: Pick<Asking, 'now' | 'terms'>,
): RolloutEvent[] {
  const { ramp, gate } = state;
  const next = nextStep(ramp);
  if (!ramp || !next || stepNeeds(state, evidence, lateBySeconds, asked).length > 0) return [];
  const { confirmedBy, by, planId, reason, made } = ramp;
  const approved = consentOf(ramp).isApproved ? { approvedBy: confirmedBy } : {};
  const step = { planId, step: made, gate: gate.move!.position, exposures: evidence.counts.exposures };
  return setRate(state, next.perWeek, state.daily, { reason, by, ...approved, ramp: step });
}

/** What the next step of the plan still needs by the evidence of this moment; nothing without a step. */
export function stepNeeds(
  state: Rollout,
  evidence: Known,
  lateBySeconds: number,
  { now, terms }: Pick<Asking, 'now' | 'terms'>,
): StepNeed[] {
  const { ramp, gate, paused, changes } = state;
  const next = nextStep(ramp);
  if (!ramp || !next) return [];
  const { lastExposureAt } = evidence.figures;
  const isConfirmed = next.mode === 'automatic' || ramp.confirmedBy !== undefined;
  const isMissing: Record<StepNeed, boolean> = {
    days: now < stepDueAt(ramp, next),
    exposures: evidence.counts.exposures < (next.exposures ?? 0),
    gate: !isSupported(gate, next, evidence, lateBySeconds),
    traffic: lastExposureAt === null || now - lastExposureAt > TRAFFIC_MS,
    views: lateBySeconds > FRESH_SECONDS,
    confirmation: !isConfirmed,
    terms: isConfirmed && dueRefusal(() => refuseRaise(state, next.perWeek, consentOf(ramp), terms)) !== undefined,
    override: overrideInForce(gate, now)?.outcome === 'hold',
    resumption: paused,
    'due-change': dueChanges(changes, now).length > 0,
  };
  return STEP_NEEDS.filter((need) => isMissing[need]);
}

const consentOf = ({ confirmedBy, by }: Ramp) => ({
  isConfirmed: confirmedBy !== undefined,
  isApproved: confirmedBy !== undefined && confirmedBy !== by,
});

/** Only the gate itself supports a step, in the present stage: an override to `expand` does not. */
function isSupported(gate: Gate, { perWeek }: RampStep, evidence: Known, lateBySeconds: number): boolean {
  const { move, stage } = gate;
  if (move?.outcome !== 'expand' || move.stage !== stage?.ordinal) return false;
  return readGate(gate, evidence, perWeek, lateBySeconds).verdict.outcome === 'expand';
}
