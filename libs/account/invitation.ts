import { toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import { hashOf } from '../kernel/ids.js';
import { HOLD_OUT } from '../kernel/reserved-classes.js';
import { unknown } from './account-standing.js';
import type { AccountEvent } from './events.js';
import type { InvitationEvent } from './invitation-events.js';
import { isWaiting, type WaitingTurn, waitingTurn } from './waiting-turn.js';
import { classOnJoining } from './waitlist-class.js';

type Sent = Extract<InvitationEvent, { type: 'InvitationSent' }>['data'];

/** An account as invitations see it. */
export interface InvitedAccount {
  turn: WaitingTurn;
  /** Undefined until the account joins. */
  class?: string;
  /** The one in force; an account that no longer waits has none, nor has one that became a hold-out after it was invited. */
  invitation?: { batchId: string; until: number; tokenHash?: string; isReminded: boolean; isAccepted: boolean };
  /** The batches whose invitation of this account has ended, whatever ended it. None of them invites it again. */
  ended: readonly string[];
  /** Those of them that were never sent. */
  unsent: readonly string[];
  /** Those of them that an operator withdrew. */
  withdrawn: readonly string[];
}

/** The account's own stream, so that one stream decides between accepting an invitation and its end. */
export const invitedAccount: StreamKind<InvitedAccount, AccountEvent> = {
  category: waitingTurn.category,
  events: waitingTurn.events,
  initial: { turn: waitingTurn.initial, ended: [], unsent: [], withdrawn: [] },
  evolve(before, event, place) {
    const state = { ...before, turn: waitingTurn.evolve(before.turn, event, place) };
    const { type, data } = event;
    const { invitation } = state;
    switch (type) {
      case 'InvitationSent':
        return { ...state, invitation: sentInvitation(data) };
      case 'InvitationReminded':
        return invitation ? { ...state, invitation: { ...invitation, isReminded: true } } : state;
      case 'InvitationAccepted':
        return invitation ? { ...state, invitation: { ...invitation, isAccepted: true } } : state;
      case 'InvitationExpired':
        return withEnd(
          {
            ...state,
            unsent: data.neverSent ? [...state.unsent, data.batchId] : state.unsent,
            withdrawn: data.withdrawn ? [...state.withdrawn, data.batchId] : state.withdrawn,
          },
          data.batchId,
        );
      case 'WaitlistJoined':
        return whileWaiting({ ...state, class: classOnJoining(data.class, state.class) });
      case 'WaitlistClassSet': {
        const classified = { ...state, class: data.class };
        return invitation && data.class === HOLD_OUT ? withEnd(classified, invitation.batchId) : classified;
      }
      default:
        return whileWaiting(state);
    }
  },
};

/** Whatever ends the wait of an account ends its invitation. */
const whileWaiting = (state: InvitedAccount): InvitedAccount =>
  state.invitation && !isWaiting(state.turn) ? withEnd(state, state.invitation.batchId) : state;

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
  /** Whether an operator named the account; nobody else invites a hold-out. */
  isListed: boolean;
}

/** Of the token in the link of an invitation. */
export const tokenHashOf = (token: string): string =>
  Buffer.from(hashOf('invitation', token), 'base64url').toString('hex');

/**
 * A no-op for an account that doesn't wait, waits for another turn than it was chosen for, has another invitation, had this
 * one, or became a hold-out after it was chosen. It is one too after `until`: the batch is about to end.
 */
export function invite(
  { turn, class: name, invitation, ended }: InvitedAccount,
  { accountId, batchId, turn: chosen, until, tokenHash, isListed }: Invite,
  now: number,
): InvitationEvent[] {
  if (name === HOLD_OUT && !isListed) return [];
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
 * The clock refuses an invitation that is over, and the withdrawal of its batch too, whether or not its end is stored.
 * @param isWithdrawn whether a batch was withdrawn, as far as the rollout says
 * @throws NotFound account-unknown; Refusal not-invited, invitation-expired, invitation-withdrawn, invitation-token-wrong
 */
export function acceptInvitation(
  state: InvitedAccount,
  { accountId, token }: AcceptInvitation,
  now: number,
  isWithdrawn: (batchId: string) => boolean = () => false,
): InvitationEvent[] {
  const { turn, invitation, ended, unsent, withdrawn } = state;
  if (turn.standing.status === 'unknown') throw unknown(accountId);
  if (invitation && token !== undefined && tokenHashOf(token) !== invitation.tokenHash) {
    throw new Refusal(
      'invitation-token-wrong',
      `the token is not that of the invitation of account ${accountId}; use the link of the latest message`,
    );
  }
  if (turn.standing.status === 'onboarded' || invitation?.isAccepted) return [];
  const latest = invitation?.batchId ?? ended.findLast((batchId) => !unsent.includes(batchId));
  if (latest === undefined || (!invitation && !isWaiting(turn))) {
    throw new Refusal('not-invited', `account ${accountId} has no invitation; it is invited when it is its turn`);
  }
  if (withdrawn.includes(latest) || isWithdrawn(latest)) {
    throw new Refusal(
      'invitation-withdrawn',
      `the invitation of account ${accountId} was withdrawn; it keeps its place in the line and can be invited again`,
    );
  }
  if (!invitation || now >= invitation.until) {
    throw new Refusal(
      'invitation-expired',
      `the invitation of account ${accountId} has ended; it keeps its place in the line and can be invited again`,
    );
  }
  return [{ type: 'InvitationAccepted', data: { accountId, batchId: invitation.batchId } }];
}

/**
 * Ends one that nobody used, also one that was never sent, so that it can't be sent any more. A no-op if it was accepted or ended.
 * @param withdrawn whether its batch was withdrawn
 */
export function expireInvitation(
  state: InvitedAccount,
  { accountId, batchId }: InvitationOf,
  withdrawn = false,
): InvitationEvent[] {
  if (isEnded(state, batchId) || hasAccepted(state, batchId)) return [];
  const wasSent = state.invitation?.batchId === batchId;
  const how = { ...(!wasSent && { neverSent: true }), ...(withdrawn && { withdrawn }) };
  return [{ type: 'InvitationExpired', data: { accountId, batchId, ...how } }];
}

/**
 * As `invite`, but ends one that can't be sent any more: its place is free at once, and no repeat sends it later. A no-op if it
 * was sent or has ended.
 */
export function inviteOrEnd(state: InvitedAccount, command: Invite, now: number): InvitationEvent[] {
  const { accountId, batchId } = command;
  if (wasInvited(state, batchId)) return [];
  const sent = invite(state, command, now);
  return sent.length > 0 ? sent : expireInvitation(state, { accountId, batchId });
}

/** Whether the invitation of the batch was sent, whatever became of it. */
export const wasInvited = ({ invitation, ended, unsent }: InvitedAccount, batchId: string): boolean =>
  invitation?.batchId === batchId || (ended.includes(batchId) && !unsent.includes(batchId));

export const isEnded = ({ ended }: InvitedAccount, batchId: string): boolean => ended.includes(batchId);

/** Whether it is to be onboarded in the place that the batch holds. */
export const hasAccepted = ({ invitation }: InvitedAccount, batchId: string): boolean =>
  invitation?.batchId === batchId && invitation.isAccepted;
