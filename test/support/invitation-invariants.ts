import { expect } from '@jest/globals';
import { foldRecorded } from '../../libs/kernel/decider.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { heldNow } from '../../libs/rollout/held-places.js';
import { peopleInWindow, rolloutStream } from '../../libs/rollout/rollout.js';
import { invitationBatchesView } from '../../libs/rollout/views/invitation-batches.js';
import { foldView } from './fold-view.js';

/** Invariants of any log at whose end each batch of invitations is over. */
export function expectInvitationInvariants(log: readonly RecordedEvent[]): void {
  expectDecidedOnce(log);
  expectChosenOnce(log);
  expectCounted(log);
  expectWithdrawn(log);
}

/** What is decided, is decided once; the rate in force at each decision bounds those who count and those who are invited. */
function expectDecidedOnce(events: readonly RecordedEvent[]): void {
  const rolloutEvents = events.filter(({ stream }) => stream === 'rollout');
  rolloutEvents.forEach((event, n) => {
    if (event.type !== 'PlacesHeld' && event.type !== 'CohortAdmitted') return;
    const state = foldRecorded(rolloutStream, rolloutEvents.slice(0, n + 1) as never);
    const isOfBatch = event.type === 'CohortAdmitted' && event.data.batchId !== undefined;
    const counted = peopleInWindow(state, Date.parse(event.data.at as string)) + (isOfBatch ? 0 : heldNow(state.held));
    expect(counted).toBeLessThanOrEqual(state.perWeek!);
  });
  const named = (type: string) =>
    events.filter((one) => one.type === type).map(({ data }) => `${data.accountId ?? ''} ${data.batchId}`);
  for (const type of ['InvitationSent', 'InvitationReminded', 'InvitationAccepted', 'InvitationExpired'])
    expect(new Set(named(type)).size).toBe(named(type).length);
  const expired = new Set(named('InvitationExpired'));
  expect(named('InvitationAccepted').filter((one) => expired.has(one))).toEqual([]);
  const taken = rolloutEvents.flatMap(({ type, data }) =>
    type === 'CohortAdmitted' && data.batchId !== undefined
      ? (data.accounts as string[]).map((accountId) => `${accountId} ${data.batchId}`)
      : [],
  );
  expect(new Set(taken).size).toBe(taken.length);
  const accepted = new Set(named('InvitationAccepted'));
  expect(taken.filter((one) => !accepted.has(one))).toEqual([]);
  const over = events.filter(({ type, data }) => type === 'PlacesFreed' && data.isOver === true);
  expect(over.map(({ data }) => ` ${data.batchId}`).sort()).toEqual([...named('PlacesHeld')].sort());
  expect(heldNow(foldRecorded(rolloutStream, rolloutEvents as never).held)).toBe(0);
}

/** Who was chosen from the line is not chosen again before the choice has come to something, and no hold-out uses an invitation. */
function expectChosenOnce(events: readonly RecordedEvent[]): void {
  const isOpen = new Set<string>();
  const heldOut = new Set<string>();
  const listed = new Set(
    events.flatMap(({ data }) => (data.accounts && data.selection ? [data.cohortId ?? data.batchId] : [])),
  );
  for (const { type, data } of events) {
    if (type === 'InvitationsChosen' || type === 'CohortFilled') {
      if (listed.has(type === 'CohortFilled' ? data.cohortId : data.batchId)) continue;
      for (const accountId of data.accounts as string[]) {
        expect(isOpen).not.toContain(accountId);
        isOpen.add(accountId);
      }
      continue;
    }
    if (typeof data.accountId !== 'string') continue;
    isOpen.delete(data.accountId);
    if (type === 'InvitationSent') heldOut.delete(data.accountId);
    if (type === 'WaitlistClassSet' && data.class === 'hold-out') heldOut.add(data.accountId);
    if (type === 'AccountOnboarded' && `${data.cohortId}`.startsWith('invited-'))
      expect(heldOut).not.toContain(data.accountId);
  }
}

/** Nobody is chosen with a withdrawn batch, and its people are in the line again before anybody is chosen who was admitted later. */
function expectWithdrawn(events: readonly RecordedEvent[]): void {
  const withdrawals = new Map<string, 'begun' | 'completed'>();
  /** By what was admitted or holds places: the batches that were withdrawn before. */
  const before = new Map<string, string[]>();
  for (const { type, stream, data } of events) {
    const { batchId, cohortId } = data as { batchId: string; cohortId?: string };
    const withdrawal = withdrawals.get(batchId);
    switch (type) {
      case 'InvitationsWithdrawn':
        withdrawals.set(batchId, 'begun');
        break;
      case 'WithdrawalCompleted':
      case 'PlacesFreed':
        if (withdrawal && data.isOver !== false) withdrawals.set(batchId, 'completed');
        break;
      case 'CohortAdmitted':
      case 'PlacesHeld':
        if (stream === 'rollout') before.set(cohortId ?? batchId, [...withdrawals.keys()]);
        break;
      case 'InvitationsChosen':
      case 'CohortFilled':
        for (const one of before.get(cohortId ?? batchId)!) expect(withdrawals).toContainEqual([one, 'completed']);
        if (type === 'InvitationsChosen' && withdrawal) expect(data.accounts).toEqual([]);
        break;
      case 'InvitationSent':
      case 'InvitationReminded':
        expect(withdrawal).not.toBe('completed');
        break;
      case 'InvitationExpired':
        expect(data.withdrawn === true).toBe(withdrawal !== undefined);
        break;
    }
  }
}

/** No more invitations are counted as used or ended than were sent. */
function expectCounted(events: readonly RecordedEvent[]): void {
  for (const row of Object.values(foldView(invitationBatchesView, events).rows)) {
    expect(row.accepted + row.expired + row.withdrawn).toBeLessThanOrEqual(row.sent);
    // Who accepted while their batch was withdrawn may come in without a place.
    if (row.withdrawn_at === null) expect(row.freed + row.admitted).toBe(row.places);
    else expect(row.freed + row.admitted).toBeGreaterThanOrEqual(row.places);
  }
}
