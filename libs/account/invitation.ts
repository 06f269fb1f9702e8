import { toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import { unknown } from './account-standing.js';
import type { AccountEvent } from './events.js';
import type { InvitationEvent } from './invitation-events.js';
import { isWaiting, type WaitingTurn, waitingTurn } from './waiting-turn.js';

/** An account as invitations see it. */
export interface InvitedAccount {
  turn: WaitingTurn;
  /** The one in force; an account that no longer waits has none. */
  invitation?: { batchId: string; until: number; isAccepted: boolean };
  /** The batches whose invitation of this account has ended, whatever ended it. None of them invites it again. */
  ended: readonly string[];
}

/** The account's own stream, so that one stream decides between accepting an invitation and its end. */
export const invitedAccount: StreamKind<InvitedAccount, AccountEvent> = {
  category: waitingTurn.category,
  events: waitingTurn.events,
  initial: { turn: waitingTurn.initial, ended: [] },
  evolve(state, event, place) {
    const turn = waitingTurn.evolve(state.turn, event, place);
    const { type, data } = event;
    const { invitation } = state;
    switch (type) {
      case 'InvitationSent':
        return { ...state, turn, invitation: { ...data, until: Date.parse(data.until), isAccepted: false } };
      case 'InvitationAccepted':
        return invitation ? { ...state, turn, invitation: { ...invitation, isAccepted: true } } : { ...state, turn };
      case 'InvitationExpired':
        return withEnd({ ...state, turn }, data.batchId);
      default:
        return invitation && !isWaiting(turn) ? withEnd({ ...state, turn }, invitation.batchId) : { ...state, turn };
    }
  },
};

function withEnd({ invitation, ...state }: InvitedAccount, batchId: string): InvitedAccount {
  const ended = [...state.ended, batchId];
  return invitation && invitation.batchId !== batchId ? { ...state, ended, invitation } : { ...state, ended };
}

export interface InvitationOf {
  accountId: string;
  batchId: string;
}

export interface Invite extends InvitationOf {
  /** The turn for which it was chosen. */
  turn: number;
  /** Epoch milliseconds. */
  until: number;
}

/**
 * A no-op for an account that doesn't wait, waits for another turn than it was chosen for, has another invitation, or had this
 * one. It is one too after `until`: the batch is about to end.
 */
export function invite(
  { turn, invitation, ended }: InvitedAccount,
  { accountId, batchId, turn: chosen, until }: Invite,
  now: number,
): InvitationEvent[] {
  if (!isWaiting(turn) || turn.turn !== chosen || invitation || ended.includes(batchId) || now >= until) return [];
  return [{ type: 'InvitationSent', data: { accountId, batchId, until: toIso(until) } }];
}

/**
 * The clock refuses an invitation that is over, whether or not its end is stored.
 * @throws NotFound account-unknown; Refusal not-invited, invitation-expired
 */
export function acceptInvitation(state: InvitedAccount, accountId: string, now: number): InvitationEvent[] {
  const { turn, invitation, ended } = state;
  if (turn.standing.status === 'unknown') throw unknown(accountId);
  if (turn.standing.status === 'onboarded' || invitation?.isAccepted) return [];
  if (!invitation && (ended.length === 0 || !isWaiting(turn))) {
    throw new Refusal('not-invited', `account ${accountId} has no invitation; it is invited when it is its turn`);
  }
  if (!invitation || now >= invitation.until) {
    throw new Refusal(
      'invitation-expired',
      `the invitation of account ${accountId} has ended; it keeps its place in the line and can be invited again`,
    );
  }
  return [{ type: 'InvitationAccepted', data: { accountId, batchId: invitation.batchId } }];
}

/** Ends one that nobody used, also one that was never sent, so that it can't be sent any more. A no-op if it was accepted or ended. */
export function expireInvitation(state: InvitedAccount, { accountId, batchId }: InvitationOf): InvitationEvent[] {
  return isEnded(state, batchId) || hasAccepted(state, batchId)
    ? []
    : [{ type: 'InvitationExpired', data: { accountId, batchId } }];
}

export const isEnded = ({ ended }: InvitedAccount, batchId: string): boolean => ended.includes(batchId);

/** Whether it is to be onboarded in the place that the batch holds. */
export const hasAccepted = ({ invitation }: InvitedAccount, batchId: string): boolean =>
  invitation?.batchId === batchId && invitation.isAccepted;
