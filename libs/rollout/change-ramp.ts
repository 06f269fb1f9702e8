import { DAY_MS } from '../kernel/clock.js';
import { InvalidInput, NotFound, Refusal } from '../kernel/errors.js';
import { type Asking, dueRefusal, refuseRaise } from './change-rollout.js';
import { dueChanges } from './changes.js';
import type { RolloutEvent } from './events.js';
import { type Evidence, readGate } from './gate-move.js';
import { overrideInForce } from './gate-override.js';
import { endRamp, nextStep, type RampStep } from './ramp.js';
import { type Rollout, setRate } from './rollout.js';

/** Without an exposure for that long, evidence says nothing about the people who came since. */
const TRAFFIC_MS = DAY_MS;
/** A step waits for views that lack events for longer. */
const MOST_LATE_SECONDS = 60;

/**
 * Sets a ramp plan, instead of the one before. A step that one person may not make alone has to be one that is confirmed.
 * @throws Refusal rate-not-set, confirmation-needed, approval-needed; InvalidInput for steps that do not ascend
 */
export function setRamp(
  state: Rollout,
  { steps, reason }: { steps: readonly RampStep[]; reason: string },
  { terms, newId }: Asking & { newId: string },
): RolloutEvent[] {
  const { ramp } = state;
  if (!state.perWeek)
    throw new Refusal('rate-not-set', 'no rate above 0 is set, so there is no evidence; set one first');
  if (ramp && JSON.stringify(ramp.steps.map(fieldsOf)) === JSON.stringify(steps.map(fieldsOf))) return [];
  let perWeek = state.perWeek;
  for (const [i, step] of steps.entries()) {
    if (step.perWeek <= perWeek) {
      const message = `must be more than ${perWeek}, the rate before it`;
      throw new InvalidInput([{ field: `/steps/${i}/perWeek`, message }]);
    }
    const isConfirmed = step.mode === 'confirmed';
    refuseRaise({ perWeek }, step.perWeek, { isConfirmed, isApproved: isConfirmed }, terms);
    perWeek = step.perWeek;
  }
  return [
    ...endRamp(state, 'replaced', reason),
    { type: 'RampPlanSet', data: { planId: newId, steps: steps.map(fieldsOf), reason } },
  ];
}

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
 * Makes the next step of the plan if the gate supports it by the evidence of this moment, and the step has all that it needs.
 * @param lateBySeconds how long the first event that the views lack has been stored
 */
export function advanceRamp(
  state: Rollout,
  evidence: Omit<Evidence, 'positions'>,
  lateBySeconds: number,
  { now, terms }: Pick<Asking, 'now' | 'terms'>,
): RolloutEvent[] {
  const { ramp, gate, paused } = state;
  const next = nextStep(ramp);
  if (!ramp || !next || paused || dueChanges(state.changes, now).length > 0) return [];
  if (now - Date.parse(ramp.since) < next.afterDays * DAY_MS) return [];
  if (evidence.counts.exposures < (next.exposures ?? 0)) return [];
  if (!isSupported(state, next, evidence, lateBySeconds, now)) return [];
  const { confirmedBy, by, planId, reason, made } = ramp;
  const isConfirmed = confirmedBy !== undefined;
  if (next.mode === 'confirmed' && !isConfirmed) return [];
  const given = { isConfirmed, isApproved: isConfirmed && confirmedBy !== by };
  if (dueRefusal(() => refuseRaise(state, next.perWeek, given, terms))) return [];
  const approved = given.isApproved ? { approvedBy: confirmedBy } : {};
  const step = { planId, step: made, gate: gate.move!.position, exposures: evidence.counts.exposures };
  return setRate(state, next.perWeek, state.daily, { reason, by, ...approved, ramp: step });
}

/** Only the gate itself supports a step, in the present stage: an override that keeps the rate keeps it here, too. */
function isSupported(
  { gate }: Rollout,
  { perWeek }: RampStep,
  evidence: Omit<Evidence, 'positions'>,
  lateBySeconds: number,
  now: number,
): boolean {
  const { move, stage } = gate;
  const { lastExposureAt } = evidence.figures;
  if (move?.outcome !== 'expand' || move.stage !== stage?.ordinal) return false;
  if (overrideInForce(gate, now)?.outcome === 'hold' || lateBySeconds > MOST_LATE_SECONDS) return false;
  if (lastExposureAt === null || now - lastExposureAt > TRAFFIC_MS) return false;
  return readGate(gate, evidence, perWeek, lateBySeconds).verdict.outcome === 'expand';
}
