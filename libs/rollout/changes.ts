import type { EventPlace } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import type { RolloutEvent } from './events.js';
import { narrowerPhase, type Phase, phaseIn } from './phase.js';

type DataOf<Type extends RolloutEvent['type']> = Extract<RolloutEvent, { type: Type }>['data'];

/** What was decided and takes effect later. */
export interface PlannedChange extends DataOf<'RolloutChangePlanned'> {
  by: string;
  /** Of its event. */
  position: Position;
}

/** What waits for the approval of another person. */
export interface ProposedChange extends DataOf<'RolloutChangeProposed'> {
  by: string;
  position: Position;
}

export interface Changes {
  /** In the order in which they take effect. */
  planned: readonly PlannedChange[];
  /** Oldest first, also those that have expired since the last proposal. */
  proposed: readonly ProposedChange[];
  /** The ids of the latest proposals and planned changes, whatever became of them. */
  known: readonly string[];
  /** The ids of the latest that were approved. */
  approved: readonly string[];
  /** The ids of the latest that have taken effect. */
  effective: readonly string[];
}

export const noChanges: Changes = { planned: [], proposed: [], known: [], approved: [], effective: [] };

const IDS_KEPT = 200;
const kept = (ids: readonly string[], id: string) => [...ids.filter((one) => one !== id), id].slice(-IDS_KEPT);

export function evolveChanges(before: Changes, { type, data }: RolloutEvent, place: EventPlace): Changes {
  const { position, actor } = place;
  switch (type) {
    case 'RolloutChangePlanned': {
      const { planned } = without(before, data.changeId);
      const all = [...planned, { ...data, by: data.by ?? actor.id, position }];
      return { ...without(before, data.changeId), planned: all.sort(byTime), known: kept(before.known, data.changeId) };
    }
    case 'RolloutChangeProposed': {
      const others = without(before, data.changeId);
      const open = others.proposed.filter((one) => isOpen(one, Date.parse(place.time) || 0));
      return {
        ...others,
        planned: before.planned,
        approved: before.approved.filter((one) => one !== data.changeId),
        effective: before.effective.filter((one) => one !== data.changeId),
        proposed: [...open, { ...data, by: actor.id, position }],
        known: kept(before.known, data.changeId),
      };
    }
    case 'ApprovalGiven':
      return { ...without(before, data.changeId), approved: kept(before.approved, data.changeId) };
    case 'RolloutChangeEnded':
      return without(before, data.changeId);
    case 'OnboardingRateSet':
    case 'OnboardingPaused':
    case 'OnboardingResumed':
    case 'RolloutPhaseSet':
      return data.changeId === undefined
        ? before
        : { ...without(before, data.changeId), effective: kept(before.effective, data.changeId) };
    default:
      return before;
  }
}

const without = (changes: Changes, id: string): Changes => ({
  ...changes,
  planned: changes.planned.filter(({ changeId }) => changeId !== id),
  proposed: changes.proposed.filter(({ changeId }) => changeId !== id),
});

const byTime = (one: PlannedChange, other: PlannedChange): number =>
  Date.parse(one.effectiveAt) - Date.parse(other.effectiveAt) || one.position - other.position;

export const isOpen = ({ expiresAt }: Pick<ProposedChange, 'expiresAt'>, now: number): boolean =>
  Date.parse(expiresAt) > now;

/** Proposals that can be approved now. @param now epoch milliseconds */
export const openProposals = ({ proposed }: Changes, now: number): ProposedChange[] =>
  proposed.filter((one) => isOpen(one, now));

/** Planned changes whose time has come, which no event says yet. @param now epoch milliseconds */
export const dueChanges = ({ planned }: Changes, now: number): PlannedChange[] =>
  planned.filter(({ effectiveAt }) => Date.parse(effectiveAt) <= now);

interface Restrictable {
  perWeek?: number;
  paused: boolean;
  pauseReason?: string;
  phase: Phase;
  changes: Changes;
}

/**
 * What holds for an admission: a planned change that allows less holds from its time on, by the clock alone, also if the process that
 * stores its event is down. One that allows more takes effect with its event.
 * @param now epoch milliseconds
 */
export function restrictedAt<State extends Restrictable>(state: State, now: number): State {
  let restricted = state;
  for (const { does, perWeek, reason, ...change } of dueChanges(state.changes, now)) {
    if (does === 'pause' && !restricted.paused) restricted = { ...restricted, paused: true, pauseReason: reason };
    const isLess = perWeek !== undefined && perWeek < (restricted.perWeek ?? 0);
    if (isLess) restricted = { ...restricted, perWeek };
    if (change.phase !== undefined)
      restricted = { ...restricted, phase: narrowerPhase(restricted.phase, phaseIn(change)) };
  }
  return restricted;
}
