import { describe, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import type { RolloutEvent } from './events.js';
import { batchOf, heldNow } from './held-places.js';
import { admitInvited, freeUnfilled, holdPlaces } from './hold-places.js';
import { revertChange } from './revert-change.js';
import { availableCapacity, rolloutStream } from './rollout.js';
import { completeWithdrawal, freeWithdrawn, settleWithdrawn, withdrawInvitations } from './withdraw-invitations.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const batchId = 'b1';
const about = { perWeek: 9, at: toIso(NOW) };

const rate: RolloutEvent = { type: 'OnboardingRateSet', data: { perWeek: 9, daily: false } };
const held: RolloutEvent = {
  type: 'PlacesHeld',
  data: { batchId, size: 5, selection: 'first-come', until: toIso(NOW + 7 * DAY_MS), ...about },
};
const admitted = (...accounts: string[]): RolloutEvent => ({
  type: 'CohortAdmitted',
  data: { cohortId: 'invited-b1-0', size: accounts.length, selection: 'listed', accounts, batchId, ...about },
});
const withdrawn: RolloutEvent = { type: 'InvitationsWithdrawn', data: { batchId, reason: 'spec' } };
const freed = (places: number, isOver = false): RolloutEvent => ({
  type: 'PlacesFreed',
  data: { batchId, places, isOver },
});
const completed: RolloutEvent = { type: 'WithdrawalCompleted', data: { batchId, people: 3 } };
const begun = [rate, held];

const given = (...events: RolloutEvent[]) => fold(rolloutStream, events);
const withdraw = (...events: RolloutEvent[]) => withdrawInvitations(given(...events), batchId, 'spec');
const refusal = (code: string) => expect.objectContaining({ code });

describe('withdrawing a batch of invitations', () => {
  it('withdraws one whose invitations are not all decided', () => {
    expect(withdraw(...begun)).toEqual([withdrawn]);
    expect(withdraw(...begun, admitted('a'), freed(1))).toEqual([withdrawn]);
  });

  it('refuses a batch that does not exist, and one that is decided', () => {
    expect(() => withdraw(rate)).toThrow(refusal('batch-unknown'));
    expect(() => withdraw(...begun, freed(5, true))).toThrow(refusal('batch-decided'));
  });

  it('is a no-op for one that was withdrawn, also once it is over', () => {
    expect(withdraw(...begun, withdrawn)).toEqual([]);
    expect(withdraw(...begun, withdrawn, completed, freed(5, true))).toEqual([]);
  });

  it('can’t be reverted: its people may be chosen from the line by now', () => {
    const state = given(...begun, withdrawn);
    const before = { perWeek: 9, daily: false, ramp: null, phase: state.phase };
    const terms = { rateConfirmPercent: 200, ratePerWeekAlone: 5000 };
    const asking = { by: 'olga', now: NOW, terms, newId: 'n' };
    const revert = () => revertChange(state, { event: withdrawn, before }, { position: 3, reason: 'spec' }, asking);
    expect(revert).toThrow(refusal('not-revertible'));
    expect(revert).toThrow('gatehouse cohort invite');
  });
});

describe('freeing the places of a withdrawn batch', () => {
  const free = (accepted: number, ...events: RolloutEvent[]) =>
    freeWithdrawn(given(...begun, ...events), batchId, accepted);

  it('frees all but those of people who accepted, so that others can have them', () => {
    expect(free(2, withdrawn)).toEqual([freed(3)]);
    expect(free(2, admitted('a'), withdrawn)).toEqual([freed(2)]);
    const after = given(...begun, withdrawn, freed(3));
    expect([heldNow(after.held), availableCapacity(after, NOW).available]).toEqual([2, 7]);
    expect(holdPlaces(after, { batchId: 'b2', size: 7, until: NOW + DAY_MS, now: NOW })).toHaveLength(1);
  });

  it('is a no-op if all are needed, and for a batch that was not withdrawn or is over', () => {
    expect(free(5, withdrawn)).toEqual([]);
    expect(free(2, withdrawn, freed(3))).toEqual([]);
    expect(free(0)).toEqual([]);
    expect(free(0, withdrawn, freed(5, true))).toEqual([]);
  });

  it('is not done twice by the consumer that had begun to invite', () => {
    expect(freeUnfilled(given(...begun, withdrawn), batchId, 2)).toEqual([]);
    expect(freeUnfilled(given(...begun, withdrawn, freed(5)), batchId, 0)).toEqual([]);
  });
});

describe('people who accepted before or while their batch was withdrawn', () => {
  const admit = (accounts: string[], ...events: RolloutEvent[]) =>
    admitInvited(given(...begun, withdrawn, ...events), { batchId, accounts, after: 0, now: NOW });

  it('come in, also those for whom no place is held', () => {
    expect(admit(['a', 'b'], freed(3))).toMatchObject([{ data: { accounts: ['a', 'b'] } }]);
    expect(admit(['a', 'b', 'c'], freed(3))).toMatchObject([{ data: { accounts: ['a', 'b', 'c'] } }]);
    expect(heldNow(given(...begun, withdrawn, freed(3), admitted('a', 'b', 'c')).held)).toBe(0);
  });

  it('wait while the rate has no room', () => {
    const full = {
      type: 'CohortAdmitted',
      data: { cohortId: 'c', size: 8, selection: 'first-come', ...about },
    } as const;
    expect(admit(['a', 'b'], freed(5), full)).toMatchObject([{ data: { accounts: ['a'] } }]);
  });
});

describe('completing a withdrawal', () => {
  const complete = (...events: RolloutEvent[]) => completeWithdrawal(given(...begun, ...events), batchId, 3);

  it('records that each invitation was accepted or has ended', () => {
    expect(complete(withdrawn)).toEqual([completed]);
    expect(batchOf(given(...begun, withdrawn, completed).held, batchId)).toMatchObject({ withdrawal: 'completed' });
  });

  it('is a no-op if it was recorded, and for a batch that was not withdrawn or is over', () => {
    for (const history of [[], [withdrawn, completed], [withdrawn, freed(5, true)]])
      expect(complete(...history)).toEqual([]);
  });
});

describe('settling a withdrawn batch once each invitation was accepted or has ended', () => {
  const settle = (accepted: number, ...events: RolloutEvent[]) =>
    settleWithdrawn(given(...begun, ...events), batchId, 3, accepted);

  it('completes the withdrawal, and keeps places only for people who accepted', () => {
    expect(settle(2, withdrawn)).toEqual([freed(3), completed]);
    expect(settle(2, withdrawn, freed(3))).toEqual([completed]);
  });

  it('ends the batch with it if nobody waits who accepted', () => {
    expect(settle(0, withdrawn)).toEqual([completed, freed(5, true)]);
    expect(settle(0, withdrawn, freed(5))).toEqual([completed, freed(0, true)]);
    expect(settle(0, withdrawn, freed(3), completed)).toEqual([freed(2, true)]);
    const { held } = given(...begun, withdrawn, ...settle(0, withdrawn));
    expect([held.batches, [...held.over.keys()], [...held.withdrawn.keys()]]).toEqual([[], [batchId], [batchId]]);
  });

  it('is a no-op for a batch that is over, and for one that was not withdrawn', () => {
    for (const history of [[], [withdrawn, freed(5, true)]]) expect(settle(0, ...history)).toEqual([]);
  });
});
