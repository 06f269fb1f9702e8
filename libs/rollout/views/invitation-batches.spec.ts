import { describe, expect, it } from '@jest/globals';
import { foldView, recorded } from '../../../test/support/fold-view.js';
import { invitationBatchesView } from './invitation-batches.js';

const at = '2022-05-18T09:00:00.000Z';
const until = '2022-05-25T09:00:00.000Z';
const batchId = 'b1';
const held = recorded(3, 'PlacesHeld', { batchId, size: 4, selection: 'first-come', until, perWeek: 9, at });
const unfilled = recorded(4, 'PlacesFreed', { batchId, places: 1, isOver: false });
const sent = [5, 6, 7].map((n) => recorded(n, 'InvitationSent', { accountId: `a${n}`, batchId, until }));
const accepted = recorded(8, 'InvitationAccepted', { accountId: 'a5', batchId });
const cohort = { cohortId: 'invited-b1-0', size: 1, selection: 'listed', accounts: ['a5'], perWeek: 9, at };
const admitted = recorded(9, 'CohortAdmitted', { ...cohort, batchId });
const expired = recorded(10, 'InvitationExpired', { accountId: 'a6', batchId });
const freed = recorded(11, 'PlacesFreed', { batchId, places: 2, isOver: true });
const all = [held, unfilled, ...sent, accepted, admitted, expired, freed];

describe('the view of invitation batches', () => {
  it('counts what became of the places and the invitations', () => {
    expect(foldView(invitationBatchesView, all.slice(0, -1)).rows.b1).toMatchObject({
      ...{ places: 4, freed: 1, admitted: 1, sent: 3, accepted: 1, expired: 1, is_over: false },
    });
    expect(foldView(invitationBatchesView, all).rows.b1).toMatchObject({ freed: 3, is_over: true, position: 11 });
  });

  it('counts no invitation as expired that was never sent', () => {
    const neverSent = recorded(10, 'InvitationExpired', { accountId: 'a9', batchId, neverSent: true });
    expect(foldView(invitationBatchesView, [held, ...sent, neverSent]).rows.b1).toMatchObject({ sent: 3, expired: 0 });
  });

  it('says who withdrew a batch, and counts apart the invitations that ended with that', () => {
    const withdrawn = recorded(9, 'InvitationsWithdrawn', { batchId, reason: 'to the wrong people' });
    const ended = [10, 11].map((n) =>
      recorded(n, 'InvitationExpired', {
        accountId: `a${n}`,
        batchId,
        withdrawn: true,
        ...(n === 11 && { neverSent: true }),
      }),
    );
    expect(foldView(invitationBatchesView, [held, ...sent, withdrawn, ...ended]).rows.b1).toMatchObject({
      ...{ withdrawal_reason: 'to the wrong people', withdrawn_by: withdrawn.metadata.actor.id },
      ...{ sent: 3, expired: 0, withdrawn: 1 },
    });
  });

  it('has no row of a cohort that took no places of a batch', () => {
    expect(foldView(invitationBatchesView, [recorded(9, 'CohortAdmitted', cohort)]).rows).toEqual({});
  });

  it('counts replayed events once', () => {
    const expected = foldView(invitationBatchesView, all);
    expect(
      foldView(
        invitationBatchesView,
        all.flatMap((one) => [one, one]),
      ),
    ).toEqual(expected);
    expect(foldView(invitationBatchesView, [...all, ...all])).toEqual(expected);
  });
});
