import { toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { PHASE_RESTRICTIONS, type PhaseRestriction } from '../kernel/rollout-limits.js';
import { SWITCHED_ACTIONS, type SwitchedAction } from './events.js';
import type { Suspension, SwitchScope } from './switches.js';

/** What of the events of the rollout says what its phases restrict. The rollout defines them, which this context must not import. */
export type PhaseEvent =
  | {
      type: 'RolloutPhaseSet';
      data: { phase: string; reason: string; restrictions?: readonly PhaseRestriction[]; changeId?: string };
    }
  | {
      type: 'RolloutChangePlanned';
      data: {
        changeId: string;
        effectiveAt: string;
        reason: string;
        phase?: string;
        restrictions?: readonly PhaseRestriction[];
      };
    }
  | { type: 'RolloutChangeEnded'; data: { changeId: string } }
  | { type: 'OnboardingRateSet'; data: { changeId?: string } };

/** What a phase restricts. */
interface PhaseTerm {
  phase: string;
  reason: string;
  restrictions: readonly PhaseRestriction[];
  /** Epoch milliseconds. */
  from: number;
}

interface Period {
  restrictions: readonly PhaseRestriction[];
  /** Epoch milliseconds: from, and to without that moment. */
  from: number;
  to: number;
}

export interface PhaseRestrictions {
  /** Of the phase that is set; undefined until two persons set one. */
  present?: PhaseTerm;
  /** Of phases that are planned: each restricts from its time on, by the clock alone. */
  planned: readonly (PhaseTerm & { changeId: string })[];
  /** Periods that are over. Each took two persons, so they are few. */
  former: readonly Period[];
  /** A broken event may have restricted anything, so everything is, until a phase is set. */
  unreadable?: { position: Position; from: number };
}

/**
 * What phases of the rollout restrict, from the stream of the rollout itself: what decides by it needs no process between. A phase that
 * is planned restricts from its time on; what it allows again takes its event.
 */
export const phaseRestrictionsStream: StreamKind<PhaseRestrictions, PhaseEvent> = {
  category: 'rollout',
  events: [
    { type: 'RolloutPhaseSet' },
    { type: 'RolloutChangePlanned' },
    { type: 'RolloutChangeEnded' },
    { type: 'OnboardingRateSet' },
  ],
  initial: { planned: [], former: [] },
  evolve(before, { type, data }, { time }) {
    const now = Date.parse(time);
    switch (type) {
      case 'RolloutPhaseSet': {
        const { present, unreadable, ...state } = withoutPlan(before, data.changeId, now);
        const { phase, reason, restrictions = [] } = data;
        const ended = [
          ...(present ? [present] : []),
          ...(unreadable ? [{ ...unreadable, restrictions: PHASE_RESTRICTIONS }] : []),
        ];
        const former = [...state.former, ...ended.flatMap((term) => periodOf(term, now))];
        return { ...state, former, present: { phase, reason, restrictions, from: now } };
      }
      case 'RolloutChangePlanned': {
        const { changeId, phase, effectiveAt, reason, restrictions } = data;
        if (phase === undefined || restrictions === undefined) return before;
        const plan = { changeId, phase, reason, restrictions, from: Date.parse(effectiveAt) };
        return { ...before, planned: [...before.planned, plan] };
      }
      case 'RolloutChangeEnded':
      case 'OnboardingRateSet':
        return withoutPlan(before, data.changeId, now);
    }
  },
  /** A broken event that ends a plan leaves it in force from its time on. */
  evolveBroken: (state, { position, time, type }) =>
    type === 'RolloutPhaseSet' || type === 'RolloutChangePlanned'
      ? { ...state, unreadable: { position, from: state.unreadable?.from ?? Date.parse(time) } }
      : state,
};

const periodOf = ({ restrictions, from }: Omit<Period, 'to'>, to: number): Period[] =>
  restrictions.length > 0 && from < to ? [{ restrictions, from, to }] : [];

function withoutPlan(state: PhaseRestrictions, id: string | undefined, now: number): PhaseRestrictions {
  const plan = id === undefined ? undefined : state.planned.find(({ changeId }) => changeId === id);
  if (!plan) return state;
  const former = [...state.former, ...periodOf(plan, now)];
  return { ...state, planned: state.planned.filter((one) => one !== plan), former };
}

/** Whether something is restricted now by the phase, or by one that is due. @param now epoch milliseconds */
export const phaseRestricts = (
  { present, planned, unreadable }: PhaseRestrictions,
  what: PhaseRestriction,
  now: number,
): boolean =>
  unreadable !== undefined ||
  present?.restrictions.includes(what) === true ||
  planned.some(({ from, restrictions }) => from <= now && restrictions.includes(what));

/** The periods in which something was restricted, and those that have no end yet; they may overlap. */
export function periodsRestricted(state: PhaseRestrictions, what: PhaseRestriction): { from: number; to: number }[] {
  const { present, planned, former, unreadable } = state;
  const open = [...(present ? [present] : []), ...planned].filter(({ restrictions }) => restrictions.includes(what));
  return [
    ...former.filter(({ restrictions }) => restrictions.includes(what)),
    ...[...open, ...(unreadable ? [unreadable] : [])].map(({ from }) => ({ from, to: Number.POSITIVE_INFINITY })),
  ].map(({ from, to }) => ({ from, to }));
}

/** Whether something was restricted at a moment that is over, in epoch milliseconds. */
export const phaseRestrictedAt = (state: PhaseRestrictions, what: PhaseRestriction, at: number): boolean =>
  periodsRestricted(state, what).some(({ from, to }) => from <= at && at < to);

/** What is restricted now by the phase or by one that is due, each once. @param now epoch milliseconds */
export function restrictionsInForce(
  { present, planned, unreadable }: PhaseRestrictions,
  now: number,
): (Suspension & { restriction: PhaseRestriction; phase: string })[] {
  if (unreadable) {
    const { position, from } = unreadable;
    const reason = `the event of the rollout at position ${position}, which may have set a phase, can't be read: check what it was to change, then propose the phase that is to hold`;
    const phase = present?.phase ?? 'weekly';
    return PHASE_RESTRICTIONS.map((restriction) => ({
      ...{ restriction, phase, reason, since: toIso(from), unreadable: position },
    }));
  }
  const terms = [...(present ? [present] : []), ...planned.filter(({ from }) => from <= now)];
  return PHASE_RESTRICTIONS.flatMap((restriction) => {
    const term = terms.find(({ restrictions }) => restrictions.includes(restriction));
    return term ? [{ restriction, phase: term.phase, reason: term.reason, since: toIso(term.from) }] : [];
  });
}

export const isSwitched = (action: string): action is SwitchedAction =>
  (SWITCHED_ACTIONS as readonly string[]).includes(action);

/** The actions among them, as suspensions for everyone. */
export const phaseSuspensions = (
  state: PhaseRestrictions,
  now: number,
): (SwitchScope & Suspension & { action: SwitchedAction })[] =>
  restrictionsInForce(state, now).flatMap(({ restriction, ...suspension }) =>
    isSwitched(restriction) ? [{ action: restriction, ...suspension }] : [],
  );
