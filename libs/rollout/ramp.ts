import { DAY_MS } from '../kernel/clock.js';
import type { EventPlace } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import type { RolloutEvent } from './events.js';

type DataOf<Type extends RolloutEvent['type']> = Extract<RolloutEvent, { type: Type }>['data'];

/** A step of a plan, which is made once the gate supports it. */
export type RampStep = DataOf<'RampPlanSet'>['steps'][number];

/** The ramp plan in force. */
export interface Ramp {
  planId: string;
  steps: readonly RampStep[];
  /** Who set it. */
  by: string;
  reason: string;
  /** The number of steps that were made. */
  made: number;
  /** When the last step was made, or the plan was set, RFC 3339. */
  since: string;
  /** Who confirmed the next step. */
  confirmedBy?: string;
}

export function evolveRamp(
  before: Ramp | undefined,
  { type, data }: RolloutEvent,
  { actor, time }: EventPlace,
): Ramp | undefined {
  switch (type) {
    case 'RampPlanSet': {
      const { planId, steps, reason } = data;
      return { planId, steps, reason, by: actor.id, made: 0, since: time };
    }
    case 'RampStepConfirmed':
      return before?.planId === data.planId ? { ...before, confirmedBy: actor.id } : before;
    case 'RampConfirmationWithdrawn': {
      if (before?.planId !== data.planId) return before;
      const { confirmedBy: _, ...rest } = before;
      return rest;
    }
    case 'RampPlanEnded':
      return before?.planId === data.planId ? undefined : before;
    case 'OnboardingRateSet': {
      if (!before || data.ramp?.planId !== before.planId) return before;
      const { confirmedBy: _, ...rest } = before;
      return { ...rest, made: data.ramp.step + 1, since: time };
    }
    default:
      return before;
  }
}

/** What a step may wait for. */
export const STEP_NEEDS = [
  ...['days', 'exposures', 'gate', 'traffic', 'views', 'confirmation'],
  ...['terms', 'override', 'resumption', 'due-change'],
] as const;
export type StepNeed =
  | ('days' | 'exposures' | 'gate' | 'traffic' | 'views' | 'confirmation')
  | ('terms' | 'override' | 'resumption' | 'due-change');

/** When the days of a step are over, in epoch milliseconds. */
export const stepDueAt = ({ since }: Ramp, { afterDays }: RampStep): number => Date.parse(since) + afterDays * DAY_MS;

/** The step that comes next; undefined without a plan, or after its last step. */
export const nextStep = (ramp: Ramp | undefined): RampStep | undefined => ramp?.steps[ramp.made];

/** Ends the plan; a no-op without one. */
export const endRamp = (
  { ramp }: { ramp?: Ramp },
  how: DataOf<'RampPlanEnded'>['how'],
  reason: string,
  reverts?: Position,
): RolloutEvent[] =>
  ramp
    ? [{ type: 'RampPlanEnded', data: { planId: ramp.planId, how, reason, ...(reverts !== undefined && { reverts }) } }]
    : [];
