import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { confirmStep, hasSteps, setRamp, withdrawConfirmation } from './change-ramp.js';
import type { Asking } from './change-rollout.js';
import type { RolloutEvent } from './events.js';
import { endRamp, type Ramp, type RampStep } from './ramp.js';
import type { Rollout } from './rollout.js';

type RampEvent = Extract<
  RolloutEvent,
  { type: 'RampPlanSet' | 'RampStepConfirmed' | 'RampConfirmationWithdrawn' | 'RampPlanEnded' }
>;

/** Those of its steps that the present rate leaves; their days count anew. */
const stepsLeft = ({ steps, made }: Ramp, { perWeek = 0 }: Rollout): readonly RampStep[] =>
  steps.slice(made).filter((step) => step.perWeek > perWeek);

/**
 * Brings back the plan that there was before, or none.
 * @throws Refusal not-revertible; whatever `setRamp` and `confirmStep` throw
 */
export function revertRamp(
  state: Rollout,
  { event: { type, data }, before }: { event: RampEvent; before: Ramp | null },
  { position, reason }: { position: Position; reason: string },
  asking: Asking & { newId: string },
): RolloutEvent[] {
  const left = before ? stepsLeft(before, state) : [];
  switch (type) {
    case 'RampPlanSet':
      if (state.ramp?.planId !== data.planId) throw tooLate(position, 'is in force no longer');
      return left.length === 0
        ? endRamp(state, 'ended', reason, position)
        : setRamp(state, { steps: left, reason, reverts: position }, asking);
    case 'RampPlanEnded':
      if (data.how === 'replaced') throw tooLate(position, 'came with another plan');
      if (state.ramp && !hasSteps(state.ramp, left)) throw tooLate(position, 'was followed by another plan');
      if (left.length === 0) throw tooLate(position, 'ended a plan without a step above the present rate');
      return setRamp(state, { steps: left, reason, reverts: position }, asking);
    case 'RampStepConfirmed':
      return withdrawConfirmation(state, { ...data, reason, reverts: position });
    case 'RampConfirmationWithdrawn':
      return confirmStep(state, data, asking);
  }
}

export const tooLate = (position: number, why: string): Refusal =>
  new Refusal(
    'not-revertible',
    `the change at position ${position} ${why}; revert the event by which it took effect, if it did (gatehouse rollout history)`,
  );
