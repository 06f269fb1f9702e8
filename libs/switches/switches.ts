import { toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import { SWITCHED_ACTIONS, type SwitchEvent, type SwitchedAction, switchEvents } from './events.js';

/** Why an action is denied, and until when. */
export interface Suspension {
  reason: string;
  /** When an operator suspended it, RFC 3339; a later change of its reason or end does not count. */
  since: string;
  /** Epoch milliseconds; it ends by the clock. Without it, only by an operator. */
  until?: number;
  /** The position of the broken event because of which it is suspended, if no operator did it. */
  unreadable?: Position;
  /** The phase of the rollout that suspends it, if it is no operator's switch; it ends with the phase. */
  phase?: string;
}

/** A switch that was used at least once. */
export interface Switch {
  /** The position of its last event. */
  changedAt: Position;
  /** Absent once the action is resumed. It may have expired. */
  suspension?: Suspension;
}

export interface ActionSwitches {
  everyone?: Switch;
  cohorts: ReadonlyMap<string, Switch>;
}

/** By action. Empty until an operator uses one: a decision pays a lookup for an action that nobody ever suspended. */
export type Switches = ReadonlyMap<string, ActionSwitches>;

/** What a switch concerns: an action of everyone, or of the accounts of one cohort. */
export interface SwitchScope {
  action: SwitchedAction;
  cohortId?: string | undefined;
}

/** The kind has a single stream, `switches`. */
export const switchesStream: StreamKind<Switches, SwitchEvent> = {
  category: 'switches',
  events: switchEvents,
  initial: new Map(),
  evolve(state, { type, data }, { position: changedAt, time }) {
    switch (type) {
      case 'ActionSuspended': {
        // Another reason or end does not begin another suspension.
        const since = inForce(switchOf(state, data), Date.parse(time))?.since ?? time;
        const until = data.until === undefined ? {} : { until: Date.parse(data.until) };
        return withSwitch(state, data, { changedAt, suspension: { reason: data.reason, since, ...until } });
      }
      case 'ActionResumed':
        return withSwitch(state, data, { changedAt });
    }
  },
  /** The event may have suspended any action, so all are, until an operator resumes each. */
  evolveBroken(state, { position: unreadable, time: since }) {
    const reason = `the event of the switches at position ${unreadable} can't be read: check what it was to change, then resume the action for everyone`;
    const suspension = { reason, since, unreadable };
    return SWITCHED_ACTIONS.reduce(
      (all: Switches, action) => withSwitch(all, { action }, { changedAt: unreadable, suspension }),
      state,
    );
  },
};

/** The actions that are suspended because of a broken event. */
export const unreadableSwitches = (state: Switches): { action: SwitchedAction; position: Position }[] =>
  SWITCHED_ACTIONS.flatMap((action) => {
    const position = state.get(action)?.everyone?.suspension?.unreadable;
    return position === undefined ? [] : [{ action, position }];
  });

function withSwitch(state: Switches, { action, cohortId }: SwitchScope, changed: Switch): Switches {
  const before = state.get(action) ?? { cohorts: new Map<string, Switch>() };
  const after: ActionSwitches =
    cohortId === undefined
      ? { ...before, everyone: changed }
      : { ...before, cohorts: new Map(before.cohorts).set(cohortId, changed) };
  return new Map(state).set(action, after);
}

/** Undefined if it was never used. */
export const switchOf = (state: Switches, { action, cohortId }: SwitchScope): Switch | undefined =>
  cohortId === undefined ? state.get(action)?.everyone : state.get(action)?.cohorts.get(cohortId);

/** The suspension of a switch that is in force now, in epoch milliseconds. */
export function inForce(given: Switch | undefined, now: number): Suspension | undefined {
  const suspension = given?.suspension;
  return suspension && (suspension.until === undefined || now < suspension.until) ? suspension : undefined;
}

/**
 * For whom an action is suspended that concerns a member of the cohort, or somebody without one. A suspension for everyone
 * goes first. Part of every access decision.
 */
export function suspendedFor(
  state: Switches,
  action: string,
  cohortId: string | undefined,
  now: number,
): 'everyone' | 'cohort' | undefined {
  const switches = state.get(action);
  if (switches === undefined) return undefined;
  if (inForce(switches.everyone, now)) return 'everyone';
  return cohortId !== undefined && inForce(switches.cohorts.get(cohortId), now) ? 'cohort' : undefined;
}

/** Every suspension in force: by action, everyone first, then the cohorts in the order of their first use. */
export const suspensionsInForce = (state: Switches, now: number): (SwitchScope & Suspension)[] =>
  SWITCHED_ACTIONS.flatMap((action) => {
    const scopes: (readonly [string | undefined, Switch | undefined])[] = [
      [undefined, state.get(action)?.everyone],
      ...(state.get(action)?.cohorts ?? []),
    ];
    return scopes.flatMap(([cohortId, one]) => {
      const suspension = inForce(one, now);
      return suspension ? [{ action, cohortId, ...suspension }] : [];
    });
  });

export interface SuspendAction extends SwitchScope {
  reason: string;
  /** Epoch milliseconds. */
  until?: number | undefined;
}

/**
 * Suspends an action, or changes the reason or the end of its suspension.
 * @param now epoch milliseconds
 * @throws InvalidInput for `join` of a cohort; Refusal suspension-over
 */
export function suspendAction(state: Switches, given: SuspendAction, now: number): SwitchEvent[] {
  const { reason, until } = given;
  refuseJoinOfCohort(given);
  if (until !== undefined && until <= now) {
    throw new Refusal('suspension-over', `a suspension until ${toIso(until)} would be over already; give a later time`);
  }
  const current = inForce(switchOf(state, given), now);
  if (current && current.reason === reason && current.until === until) return [];
  const end = until === undefined ? {} : { until: toIso(until) };
  return [{ type: 'ActionSuspended', data: { ...scopeOf(given), reason, ...end } }];
}

/** @throws InvalidInput for `join` of a cohort */
export function resumeAction(state: Switches, given: SwitchScope & { reason: string }, now: number): SwitchEvent[] {
  refuseJoinOfCohort(given);
  if (!inForce(switchOf(state, given), now)) return [];
  return [{ type: 'ActionResumed', data: { ...scopeOf(given), reason: given.reason } }];
}

const scopeOf = ({ action, cohortId }: SwitchScope) => ({ action, ...(cohortId !== undefined && { cohortId }) });

/** An operator who stops joining must not believe that a switch does it which can concern nobody. */
function refuseJoinOfCohort({ action, cohortId }: SwitchScope): void {
  if (action !== 'join' || cohortId === undefined) return;
  const message = 'must be absent for join: people who join are in no cohort yet, so suspend it for everyone';
  throw new InvalidInput([{ field: 'cohortId', message }]);
}
