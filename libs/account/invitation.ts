import { toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import { hashOf } from '../kernel/ids.js';
import { unknown } from './account-standing.js';
import type { AccountEvent } from './events.js';
import type { InvitationEvent } from './invitation-events.js';
import { isWaiting, type WaitingTurn, waitingTurn } from './waiting-turn.js';

type Sent = Extract<InvitationEvent, { type: 'InvitationSent' }>['data'];

/** An account as invitations see it. */
export interface InvitedAccount {
  turn: WaitingTurn;
  /** The one in force; an account that no longer waits has none. */
  invitation?: { batchId: string; until: number; tokenHash?: string; isReminded: boolean; isAccepted: boolean };
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
        return { ...state, turn, invitation: sentInvitation(data) };
      case 'InvitationReminded':
        return invitation ? { ...state, turn, invitation: { ...invitation, isReminded: true } } : { ...state, turn };
      case 'InvitationAccepted':
        return invitation ? { ...state, turn, invitation: { ...invitation, isAccepted: true } } : { ...state, turn };
      case 'InvitationExpired':
        return withEnd({ ...state, turn }, data.batchId);
      default:
        return invitation && !isWaiting(turn) ? withEnd({ ...state, turn }, invitation.batchId) : { ...state, turn };
    }
  },
};

const sentInvitation = ({ batchId, until, tokenHash }: Sent): InvitedAccount['invitation'] => ({
  ...{ batchId, until: Date.parse(until), isReminded: false, isAccepted: false },
  ...(tokenHash !== undefined && { tokenHash }),
});

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
  tokenHash?: string | undefined;
}

/** Of the token in the link of an invitation. */
export const tokenHashOf = (token: string): string =>
  Buffer.from(hashOf('invitation', token), 'base64url').toString('hex');

/**
 * A no-op for an account that doesn't wait, waits for another turn than it was chosen for, has another invitation, or had this
 * one. It is one too after `until`: the batch is about to end.
 */
export function invite(
  { turn, invitation, ended }: InvitedAccount,
  { accountId, batchId, turn: chosen, until, tokenHash }: Invite,
  now: number,
): InvitationEvent[] {
  if (!isWaiting(turn) || turn.turn !== chosen || invitation || ended.includes(batchId) || now >= until) return [];
  const data = { accountId, batchId, until: toIso(until), ...(tokenHash !== undefined && { tokenHash }) };
  return [{ type: 'InvitationSent', data }];
}

/** Once, and only while nobody has answered. @param now epoch milliseconds */
export function remindOfInvitation(
  { invitation }: InvitedAccount,
  { accountId, batchId }: InvitationOf,
  now: number,
): InvitationEvent[] {
  if (invitation?.batchId !== batchId || invitation.isAccepted || invitation.isReminded) return [];
  if (now >= invitation.until) return [];
  return [{ type: 'InvitationReminded', data: { accountId, batchId, until: toIso(invitation.until) } }];
}

export interface AcceptInvitation {
  accountId: string;
  /** Of the link; a service that knows its user has none. */
  token?: string | undefined;
}

/**
 * The clock refuses an invitation that is over, whether or not its end is stored.
 * @throws NotFound account-unknown; Refusal not-invited, invitation-expired, invitation-token-wrong
 */
export function acceptInvitation(
  state: InvitedAccount,
  { accountId, token }: AcceptInvitation,
  now: number,
): InvitationEvent[] {
  const { turn, invitation, ended } = state;
  if (turn.standing.status === 'unknown') throw unknown(accountId);
  if (invitation && token !== undefined && tokenHashOf(token) !== invitation.tokenHash) {
    throw new Refusal(
      'invitation-token-wrong',
      `the token is not that of the invitation of account ${accountId}; use the link of the latest message`,
    );
  }
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
