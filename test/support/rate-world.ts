import { toIso } from '../../libs/kernel/clock.js';
import { approveChange, type Proposal, proposeChange } from '../../libs/rollout/approvals.js';
import {
  type Asking,
  afterDue,
  type ChangeRequest,
  changeRollout,
  takeEffect,
} from '../../libs/rollout/change-rollout.js';
import { cancelPlanned, declineChange } from '../../libs/rollout/end-changes.js';
import type { RolloutEvent } from '../../libs/rollout/events.js';
import { rolloutLedger } from '../../libs/rollout/queries/rollout-ledger.js';
import { revertChange } from '../../libs/rollout/revert-change.js';
import { type Rollout, rolloutStream } from '../../libs/rollout/rollout.js';

export const NOW = Date.parse('2022-05-18T09:00:00Z');
export const terms = { rateConfirmPercent: 200, ratePerWeekAlone: 5000 };

/** A rollout of which each event has the next position. */
export function rateWorld(...first: RolloutEvent[]) {
  let position = 0;
  let state: Rollout = rolloutStream.initial;
  let ledger = rolloutLedger.initial;
  const stored: { event: RolloutEvent; position: number; time: string; before: Rollout }[] = [];
  const apply = (events: readonly RolloutEvent[], by = 'olga', now = NOW) => {
    for (const event of events) {
      position += 1;
      stored.push({ event, position, time: toIso(now), before: state });
      const actor = { kind: 'user' as const, id: by };
      const place = { position, time: toIso(now), actor, source: '/spec' };
      state = rolloutStream.evolve(state, event, place);
      ledger = rolloutLedger.evolve(ledger, event, place);
    }
    return events;
  };
  apply(first);
  const asking = (by: string, now: number): Asking & { newId: string } => ({ by, now, terms, newId: `n-${position}` });
  const does =
    (decide: (state: Rollout, asking: Asking & { newId: string }) => readonly RolloutEvent[]) =>
    (by = 'olga', now = NOW) =>
      apply(
        afterDue(state, asking(by, now), (current) => decide(current, asking(by, now))),
        by,
        now,
      );
  return {
    get state() {
      return state;
    },
    stored,
    apply,
    tick: (now: number) => apply(takeEffect(state, now, terms), 'rollout-clock', now),
    change: (request: ChangeRequest, by?: string, now?: number) =>
      does((current, given) => changeRollout(current, request, given))(by, now),
    propose: (proposal: Omit<Proposal, 'does'> & Partial<Pick<Proposal, 'does'>>, by?: string, now?: number) =>
      does((current, given) => proposeChange(current, { does: 'set-rate', ...proposal }, given))(by, now),
    approve: (changeId: string, by: string, now?: number, confirm?: number) =>
      does((current, given) => approveChange(current, { changeId, confirm }, given))(by, now),
    decline: (changeId: string, by: string, now = NOW) =>
      does((current) => declineChange(current, changeId, 'no', by, now))(by, now),
    cancel: (changeId: string, now?: number) => does((current) => cancelPlanned(current, changeId, 'no'))('olga', now),
    revert: (at: number, request: { confirm?: number; changeId?: string } = {}, by?: string) => {
      const { event } = stored[at - 1]!;
      const entry = ledger.entries.find(({ position: found }) => found === at);
      const former = entry?.before ?? { perWeek: null, daily: false, ramp: null, phase: state.phase };
      return does((current, given) =>
        revertChange(current, { event, before: former }, { position: at, reason: 'undone', ...request }, given),
      )(by);
    },
  };
}

export const rate = (perWeek: number): RolloutEvent => ({ type: 'OnboardingRateSet', data: { perWeek, daily: false } });
export const set = (perWeek: number, more: Partial<ChangeRequest> = {}): ChangeRequest => ({
  ...{ does: 'set-rate', perWeek, reason: 'a test', ...more },
});
