import { describe, expect, it } from '@jest/globals';
import { foldView, recorded, replay } from '../../../test/support/fold-view.js';
import { waitlistEntriesView } from './waitlist-entries.js';

const accountId = 'acc-1';
const joined = (position: number, priority?: number) =>
  recorded(position, 'WaitlistJoined', { accountId, email: 'x', priority });
const entry = (...events: ReturnType<typeof recorded>[]) => foldView(waitlistEntriesView, events).rows[accountId];

describe('the waitlist view', () => {
  it('orders joins by position, in the middle priority class by default', () => {
    expect(entry(joined(7))).toMatchObject({ status: 'waiting', priority: 5, joined_position: 7 });
    expect(entry(joined(7, 0))).toMatchObject({ priority: 0 });
  });

  it('puts an account into a class, which it keeps when it leaves and rejoins', () => {
    const inClass = recorded(8, 'WaitlistClassSet', { accountId, class: 'artists', reason: 'spec' });
    const left = recorded(9, 'WaitlistLeft', { accountId });
    expect(entry(joined(7))).toMatchObject({ class: 'general' });
    expect(entry(joined(7), inClass)).toMatchObject({ class: 'artists', joined_position: 7 });
    expect(entry(joined(7), inClass, left, joined(10))).toMatchObject({ class: 'artists', joined_position: 10 });
    const as = recorded(10, 'WaitlistJoined', { accountId, email: 'x', class: 'testers' });
    expect(entry(joined(7), inClass, left, as)).toMatchObject({ class: 'testers' });
    expect(entry(inClass)).toBeUndefined();
  });

  it('takes an invited account out of the line until its own invitation ends', () => {
    const sent = recorded(8, 'InvitationSent', { accountId, batchId: 'b1', until: '2022-05-25T09:00:00.000Z' });
    const expired = (position: number, batchId = 'b1') =>
      recorded(position, 'InvitationExpired', { accountId, batchId });
    const accepted = recorded(9, 'InvitationAccepted', { accountId, batchId: 'b1' });
    const onboarded = recorded(10, 'AccountOnboarded', { accountId, cohortId: 'c' });
    expect(entry(joined(7), sent)).toMatchObject({ status: 'invited', joined_position: 7 });
    expect(entry(joined(7), sent, expired(9))).toMatchObject({ status: 'waiting', joined_position: 7 });
    expect(entry(joined(7), sent, expired(9, 'b0'))).toMatchObject({ status: 'invited' });
    expect(entry(joined(7), sent, accepted)).toMatchObject({ status: 'accepted' });
    expect(entry(joined(7), sent, accepted, onboarded)).toMatchObject({ status: 'onboarded', cohort_id: 'c' });
  });

  it('keeps the order of acceptances, whatever happens to the account afterwards', () => {
    const sent = recorded(8, 'InvitationSent', { accountId, batchId: 'b1', until: '2022-05-25T09:00:00.000Z' });
    const accepted = recorded(9, 'InvitationAccepted', { accountId, batchId: 'b1' });
    const classified = recorded(10, 'WaitlistClassSet', { accountId, class: 'artists', reason: 'spec' });
    expect(entry(joined(7), sent)).toMatchObject({ accepted_position: null });
    expect(entry(joined(7), sent, accepted, classified)).toMatchObject({
      ...{ status: 'accepted', class: 'artists', accepted_position: 9, position: 10 },
    });
  });

  it('ends the invitation of an account that becomes a hold-out', () => {
    const sent = recorded(8, 'InvitationSent', { accountId, batchId: 'b1', until: '2022-05-25T09:00:00.000Z' });
    const accepted = recorded(9, 'InvitationAccepted', { accountId, batchId: 'b1' });
    const heldOut = recorded(10, 'WaitlistClassSet', { accountId, class: 'hold-out', reason: 'spec' });
    expect(entry(joined(7), sent, heldOut)).toMatchObject({ status: 'waiting', class: 'hold-out', joined_position: 7 });
    expect(entry(joined(7), sent, accepted, heldOut)).toMatchObject({ status: 'waiting', class: 'hold-out' });
  });

  it('ends the invitation of an account that is deactivated or leaves', () => {
    const sent = recorded(8, 'InvitationSent', { accountId, batchId: 'b1', until: '2022-05-25T09:00:00.000Z' });
    const deactivated = recorded(9, 'AccountDeactivated', { accountId, reason: 'spec', categories: [] });
    const reinstated = recorded(10, 'AccountReinstated', { accountId, reason: 'spec' });
    const left = recorded(9, 'WaitlistLeft', { accountId });
    expect(entry(joined(7), sent, deactivated)).toMatchObject({ status: 'barred' });
    expect(entry(joined(7), sent, deactivated, reinstated)).toMatchObject({ status: 'waiting' });
    expect(entry(joined(7), sent, left, joined(10))).toMatchObject({ status: 'waiting', joined_position: 10 });
  });

  describe('of somebody who has to confirm an address', () => {
    const asked = (position: number) =>
      recorded(position, 'AddressConfirmationRequested', {
        ...{ accountId, requestId: 'r-1', tokenHash: 'a'.repeat(64) },
        ...{ at: '2022-05-18T09:00:00.000Z', until: '2022-05-21T09:00:00.000Z' },
      });
    const confirmed = (position: number) => recorded(position, 'AddressConfirmed', { accountId, requestId: 'r-1' });

    it('keeps the place, and counts them apart', () => {
      const { rows, counters } = foldView(waitlistEntriesView, [joined(7), asked(8)]);
      expect(rows[accountId]).toMatchObject({ status: 'unconfirmed', joined_position: 7 });
      expect(counters).toEqual({ 'general 5 000000000000': { people: 0, unconfirmed: 1 } });
      expect(entry(joined(7), asked(8), confirmed(9))).toMatchObject({ status: 'waiting', joined_position: 7 });
    });

    it('ends an invitation, and outlasts a deactivation and leaving', () => {
      const sent = recorded(8, 'InvitationSent', { accountId, batchId: 'b1', until: '2022-05-25T09:00:00.000Z' });
      const expired = recorded(10, 'InvitationExpired', { accountId, batchId: 'b1' });
      expect(entry(joined(7), sent, asked(9), expired)).toMatchObject({ status: 'unconfirmed' });
      const deactivated = recorded(9, 'AccountDeactivated', { accountId, reason: 'spec', categories: [] });
      const reinstated = recorded(10, 'AccountReinstated', { accountId, reason: 'spec' });
      expect(entry(joined(7), asked(8), deactivated, reinstated)).toMatchObject({ status: 'unconfirmed' });
      expect(entry(joined(7), asked(8), deactivated, confirmed(10))).toMatchObject({ status: 'barred' });
      const left = recorded(9, 'WaitlistLeft', { accountId });
      expect(entry(joined(7), asked(8), left)).toMatchObject({ status: 'left' });
      expect(entry(joined(7), asked(8), left, joined(10))).toMatchObject({ status: 'unconfirmed' });
    });
  });

  it('gives an account that left and rejoins a new place', () => {
    const left = recorded(8, 'WaitlistLeft', { accountId });
    expect(entry(joined(7), left)).toMatchObject({ status: 'left', joined_position: 7 });
    expect(entry(joined(7), left, joined(9))).toMatchObject({ status: 'waiting', joined_position: 9 });
  });

  it('bars a deactivated account and keeps its place for a reinstatement', () => {
    const deactivated = recorded(8, 'AccountDeactivated', { accountId, reason: 'review-confirmed', categories: [] });
    const reinstated = recorded(9, 'AccountReinstated', { accountId, reason: 'appeal' });
    expect(entry(joined(7), deactivated)).toMatchObject({ status: 'barred' });
    expect(entry(joined(7), deactivated, reinstated)).toMatchObject({ status: 'waiting', joined_position: 7 });
    expect(entry(deactivated)).toBeUndefined();
  });

  it('counts who waits by blocks of the line', () => {
    const far = recorded(
      40_000,
      'WaitlistJoined',
      { accountId: 'acc-2', email: 'x', class: 'artists', priority: 0 },
      { time: '2022-05-18T09:00:00Z' },
    );
    const { counters } = foldView(waitlistEntriesView, [joined(7), far]);
    expect(counters).toEqual({
      'general 5 000000000000': { people: 1, unconfirmed: 0 },
      'artists 0 000000000001': { people: 1, unconfirmed: 0 },
    });
    expect(foldView(waitlistEntriesView, [joined(7), recorded(8, 'WaitlistLeft', { accountId })]).counters).toEqual({});
  });

  it('stays the same when events are replayed', () => {
    const history = [
      joined(1),
      recorded(2, 'WaitlistLeft', { accountId }),
      joined(3),
      recorded(4, 'AccountOnboarded', { accountId, cohortId: 'c1' }),
    ];
    expect(entry(...history)).toMatchObject({
      status: 'onboarded',
      cohort_id: 'c1',
      onboarded_at: Date.UTC(2022, 4, 18, 9, 4),
    });
    const { once, replayed } = replay(waitlistEntriesView, history);
    expect(replayed).toEqual(once);
  });
});
