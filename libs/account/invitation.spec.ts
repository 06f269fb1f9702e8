import { describe, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import type { AccountEvent } from './events.js';
import {
  acceptInvitation,
  expireInvitation,
  hasAccepted,
  invite,
  invitedAccount,
  inviteOrEnd,
  isEnded,
  remindOfInvitation,
  tokenHashOf,
  wasInvited,
} from './invitation.js';

const accountId = 'acc-1';
const NOW = Date.parse('2022-05-18T09:00:00Z');
const UNTIL = NOW + 7 * DAY_MS;

const joined: AccountEvent = { type: 'WaitlistJoined', data: { accountId, email: 'x@example.org' } };
const left: AccountEvent = { type: 'WaitlistLeft', data: { accountId } };
const onboarded: AccountEvent = { type: 'AccountOnboarded', data: { accountId, cohortId: 'c' } };
const deactivated: AccountEvent = { type: 'AccountDeactivated', data: { accountId, reason: 'spec', categories: [] } };
const reinstated: AccountEvent = { type: 'AccountReinstated', data: { accountId, reason: 'spec' } };
const sent = (batchId = 'b1'): AccountEvent => ({
  type: 'InvitationSent',
  data: { accountId, batchId, until: toIso(UNTIL) },
});
const accepted = (batchId = 'b1'): AccountEvent => ({ type: 'InvitationAccepted', data: { accountId, batchId } });
const expired = (batchId = 'b1'): AccountEvent => ({ type: 'InvitationExpired', data: { accountId, batchId } });
const neverSent: AccountEvent = { type: 'InvitationExpired', data: { accountId, batchId: 'b1', neverSent: true } };
const classified = (name: string): AccountEvent => ({
  type: 'WaitlistClassSet',
  data: { accountId, class: name, reason: 'spec' },
});

const given = (...events: AccountEvent[]) => fold(invitedAccount, events);
const invitation = { accountId, batchId: 'b1', turn: 1, until: UNTIL, isListed: false };
const send = (...events: AccountEvent[]) => invite(given(...events), invitation, NOW);
const sendAgain = (...events: AccountEvent[]) => invite(given(...events), { ...invitation, turn: 2 }, NOW);
const accept = (now: number, ...events: AccountEvent[]) => acceptInvitation(given(...events), { accountId }, now);
const withToken = (token: string, ...events: AccountEvent[]) =>
  acceptInvitation(given(...events), { accountId, token }, NOW);
const remind = (now: number, ...events: AccountEvent[]) =>
  remindOfInvitation(given(...events), { accountId, batchId: 'b1' }, now);
const expire = (...events: AccountEvent[]) => expireInvitation(given(...events), { accountId, batchId: 'b1' });
const refusal = (code: string) => expect.objectContaining({ code });

describe('inviting an account', () => {
  it('invites one that waits, also after the invitation of an earlier batch has ended', () => {
    expect(send(joined)).toEqual([sent()]);
    expect(send(joined, sent('b0'), expired('b0'))).toEqual([sent()]);
    expect(sendAgain(joined, sent('b0'), left, joined)).toEqual([sent()]);
  });

  it('is a no-op for one that does not wait, is invited, or had this invitation', () => {
    for (const history of [[], [joined, left], [joined, onboarded], [joined, deactivated]])
      expect(send(...history)).toEqual([]);
    expect(send(joined, sent())).toEqual([]);
    expect(send(joined, sent('b0'))).toEqual([]);
    expect(send(joined, sent(), expired())).toEqual([]);
    expect(sendAgain(joined, sent(), left, joined)).toEqual([]);
    expect(sendAgain(joined, sent(), deactivated, reinstated)).toEqual([]);
  });

  it('is a no-op for one that has left since it was chosen, also if it waits again', () => {
    expect(send(joined, left, joined)).toEqual([]);
    expect(send(joined, deactivated, reinstated)).toEqual([]);
  });

  it('is a no-op for one that became a hold-out after it was chosen, unless an operator named it', () => {
    expect(send(joined, classified('hold-out'))).toEqual([]);
    expect(send(joined, classified('hold-out'), left, joined)).toEqual([]);
    expect(send(joined, classified('hold-out'), classified('artists'))).toEqual([sent()]);
    expect(invite(given(joined, classified('hold-out')), { ...invitation, isListed: true }, NOW)).toEqual([sent()]);
  });

  it('is a no-op when the batch is over', () => {
    expect(invite(given(joined), invitation, UNTIL)).toEqual([]);
  });
});

describe('inviting an account or ending its invitation', () => {
  const inviteLate = (...events: AccountEvent[]) => inviteOrEnd(given(...events), invitation, NOW);

  it('invites who can be invited, and ends what can no longer be sent', () => {
    expect(inviteLate(joined)).toEqual([sent()]);
    for (const history of [
      [joined, left],
      [joined, onboarded],
      [joined, sent('b0')],
      [joined, classified('hold-out')],
    ]) {
      expect(inviteLate(...history)).toEqual([neverSent]);
      expect(wasInvited(given(...history, neverSent), 'b1')).toBe(false);
      expect(inviteLate(...history, neverSent)).toEqual([]);
    }
    expect(wasInvited(given(joined, sent('b0'), neverSent), 'b0')).toBe(true);
  });

  it('is a no-op for who got it, whatever became of it', () => {
    for (const history of [[], [expired()], [accepted()], [left], [left, joined], [accepted(), onboarded]]) {
      expect(inviteLate(joined, sent(), ...history)).toEqual([]);
      expect(wasInvited(given(joined, sent(), ...history), 'b1')).toBe(true);
    }
  });
});

describe('an invited account that becomes a hold-out', () => {
  it('has no invitation any more, also if it accepted', () => {
    for (const history of [[sent()], [sent(), accepted()]]) {
      const state = given(joined, ...history, classified('hold-out'));
      expect([state.invitation, isEnded(state, 'b1'), hasAccepted(state, 'b1')]).toEqual([undefined, true, false]);
      expect(() => acceptInvitation(state, { accountId }, NOW)).toThrow(refusal('invitation-expired'));
    }
  });

  it('keeps an invitation for which an operator named it afterwards, and keeps it in any other class', () => {
    expect(accept(NOW, joined, classified('hold-out'), sent())).toEqual([accepted()]);
    expect(accept(NOW, joined, sent(), classified('artists'))).toEqual([accepted()]);
  });
});

describe('accepting an invitation', () => {
  it('accepts it until its end', () => {
    expect(accept(UNTIL - 1, joined, sent())).toEqual([accepted()]);
  });

  it('refuses whom nobody invited, and what has ended by the clock or by an event', () => {
    expect(() => accept(NOW)).toThrow(refusal('account-unknown'));
    expect(() => accept(NOW, joined)).toThrow(refusal('not-invited'));
    expect(() => accept(NOW, joined, sent(), left)).toThrow(refusal('not-invited'));
    expect(() => accept(NOW, joined, sent(), deactivated)).toThrow(refusal('not-invited'));
    expect(() => accept(UNTIL, joined, sent())).toThrow(refusal('invitation-expired'));
    expect(() => accept(NOW, joined, sent(), expired())).toThrow(refusal('invitation-expired'));
  });

  it('is a no-op for who accepted it or is onboarded', () => {
    expect(accept(UNTIL, joined, sent(), accepted())).toEqual([]);
    expect(accept(NOW, joined, sent(), accepted(), onboarded)).toEqual([]);
  });
});

describe('an invitation whose batch was withdrawn', () => {
  const withdrawn: AccountEvent = { type: 'InvitationExpired', data: { accountId, batchId: 'b1', withdrawn: true } };
  const unsent: AccountEvent = { ...withdrawn, data: { ...withdrawn.data, neverSent: true } } as AccountEvent;
  const isWithdrawn = (batchId: string) => batchId === 'b1';
  const withdraw = (...events: AccountEvent[]) =>
    expireInvitation(given(...events), { accountId, batchId: 'b1' }, true);
  const acceptLate = (token: string | undefined, ...events: AccountEvent[]) =>
    acceptInvitation(given(...events), { accountId, token }, NOW, isWithdrawn);

  it('ends, also if it was not sent yet, and is not sent later', () => {
    expect(withdraw(joined, sent())).toEqual([withdrawn]);
    expect(withdraw(joined)).toEqual([unsent]);
    expect(send(joined, unsent)).toEqual([]);
  });

  it('is refused from the withdrawal on, whether or not its end is stored', () => {
    expect(() => acceptLate(undefined, joined, sent())).toThrow(refusal('invitation-withdrawn'));
    expect(() => accept(NOW, joined, sent(), withdrawn)).toThrow(refusal('invitation-withdrawn'));
    expect(() => accept(UNTIL, joined, sent(), withdrawn)).toThrow(refusal('invitation-withdrawn'));
    expect(() => acceptLate('other', joined, sent())).toThrow(refusal('invitation-token-wrong'));
    expect(() => accept(NOW, joined, unsent)).toThrow(refusal('not-invited'));
    expect(() => accept(NOW, joined, sent('b0'), expired('b0'), unsent)).toThrow(refusal('invitation-expired'));
  });

  it('stays with who accepted it before, and concerns no later invitation', () => {
    expect(withdraw(joined, sent(), accepted())).toEqual([]);
    expect(withdraw(joined, sent(), withdrawn)).toEqual([]);
    expect(acceptLate(undefined, joined, sent(), accepted())).toEqual([]);
    expect(acceptLate(undefined, joined, sent(), withdrawn, sent('b2'))).toEqual([accepted('b2')]);
  });
});

describe('accepting with the token of the link', () => {
  const linked: AccountEvent = {
    type: 'InvitationSent',
    data: { accountId, batchId: 'b1', until: toIso(UNTIL), tokenHash: tokenHashOf('secret') },
  };

  it('accepts with the token of the invitation', () => {
    expect(invite(given(joined), { ...invitation, tokenHash: tokenHashOf('secret') }, NOW)).toEqual([linked]);
    expect(withToken('secret', joined, linked)).toEqual([accepted()]);
    expect(accept(NOW, joined, linked)).toEqual([accepted()]);
  });

  it('refuses another token, also that of an earlier invitation', () => {
    expect(() => withToken('other', joined, linked)).toThrow(refusal('invitation-token-wrong'));
    expect(() => withToken('secret', joined, linked, expired(), sent('b2'))).toThrow(refusal('invitation-token-wrong'));
    expect(() => withToken('other', joined, linked, accepted())).toThrow(refusal('invitation-token-wrong'));
  });

  it('is a no-op once it was accepted', () => {
    expect(withToken('secret', joined, linked, accepted())).toEqual([]);
  });
});

describe('reminding of an invitation', () => {
  const reminded: AccountEvent = {
    type: 'InvitationReminded',
    data: { accountId, batchId: 'b1', until: toIso(UNTIL) },
  };

  it('reminds who has not answered', () => {
    expect(remind(NOW, joined, sent())).toEqual([reminded]);
    expect(accept(NOW, joined, sent(), reminded)).toEqual([accepted()]);
  });

  it('is a no-op for who was reminded, has answered, or has no such invitation', () => {
    expect(remind(NOW, joined, sent(), reminded)).toEqual([]);
    expect(remind(NOW, joined, sent(), accepted())).toEqual([]);
    expect(remind(NOW, joined, sent(), expired())).toEqual([]);
    expect(remind(NOW, joined, sent('b0'))).toEqual([]);
    expect(remind(UNTIL, joined, sent())).toEqual([]);
    expect(remind(NOW, joined)).toEqual([]);
  });
});

describe('the end of an invitation', () => {
  it('is recorded if nobody used it, also if it was never sent', () => {
    expect(expire(joined, sent())).toEqual([expired()]);
    expect(expire(joined)).toEqual([neverSent]);
    expect(expire(joined, sent('b0'))).toEqual([neverSent]);
  });

  it('is a no-op if it was accepted or has ended', () => {
    expect(expire(joined, sent(), accepted())).toEqual([]);
    expect(expire(joined, sent(), expired())).toEqual([]);
    expect(expire(joined, sent(), left)).toEqual([]);
    expect(expire(joined, sent(), accepted(), onboarded)).toEqual([]);
  });

  it('comes with whatever ends the wait, and not with the end of another', () => {
    expect(isEnded(given(joined, sent(), accepted(), left), 'b1')).toBe(true);
    expect(hasAccepted(given(joined, sent(), accepted(), left, joined), 'b1')).toBe(false);
    expect(hasAccepted(given(joined, sent(), accepted(), expired('b0')), 'b1')).toBe(true);
  });
});
