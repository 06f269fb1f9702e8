import type { EventPlace, StreamKind } from '../../kernel/decider.js';
import type { RolloutEvent } from '../events.js';
import { type Phase, phaseIn } from '../phase.js';
import { type Rollout, rolloutStream } from '../rollout.js';

/** The changes that are kept; the one that set the present rate is always among them. */
export const CHANGES_KEPT = 100;

/** Who set the rate or the phase, paused or resumed. */
export interface RolloutChange extends Omit<EventPlace, 'source'>, Partial<Phase> {
  type: 'OnboardingRateSet' | 'OnboardingPaused' | 'OnboardingResumed' | 'RolloutPhaseSet';
  approvedBy?: string;
  perWeek?: number;
  daily?: boolean;
  reason?: string;
}

interface RolloutHistory {
  rollout: Rollout;
  /** Oldest first. */
  changes: readonly RolloutChange[];
}

/** The rollout and who changed it. It is folded on from one request to the next, since the stream has every cohort too. */
export const rolloutHistory: StreamKind<RolloutHistory, RolloutEvent> = {
  category: rolloutStream.category,
  events: rolloutStream.events,
  initial: { rollout: rolloutStream.initial, changes: [] },
  evolve({ rollout, changes }, event, place) {
    const change = toChange(event, place);
    return {
      rollout: rolloutStream.evolve(rollout, event, place),
      changes: change ? latest([...changes, change]) : changes,
    };
  },
  evolveBroken: ({ rollout, changes }, place) => ({ rollout: rolloutStream.evolveBroken!(rollout, place), changes }),
};

function toChange({ type, data }: RolloutEvent, { source: _, ...stored }: EventPlace): RolloutChange | undefined {
  // What was planned or approved is stored by another: the clock, or who changed something after it was due.
  const isOfAnother = 'by' in data && data.by !== undefined;
  const actor = isOfAnother ? { kind: 'user' as const, id: data.by! } : stored.actor;
  const approved = 'approvedBy' in data && data.approvedBy !== undefined ? { approvedBy: data.approvedBy } : {};
  const place = { ...stored, actor, ...approved };
  switch (type) {
    case 'OnboardingRateSet':
      return { ...place, type, perWeek: data.perWeek, daily: data.daily, ...reasonOf(data) };
    case 'RolloutPhaseSet':
      return { ...place, type, ...phaseIn(data), reason: data.reason };
    case 'OnboardingPaused':
      return { ...place, type, reason: data.reason };
    case 'OnboardingResumed':
      return { ...place, type, ...reasonOf(data) };
    default:
      return undefined;
  }
}

const reasonOf = ({ reason }: { reason?: string }) => (reason === undefined ? {} : { reason });

function latest(changes: RolloutChange[]): RolloutChange[] {
  if (changes.length <= CHANGES_KEPT) return changes;
  const present = changes.findLast(({ type }) => type === 'OnboardingRateSet');
  return changes.toSpliced(changes[0] === present ? 1 : 0, 1);
}
