import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { type AccountStanding, accountStream, onboardAccount } from './account-standing.js';
import { type AddressConfirmation, confirmationAfter, NEVER_ASKED } from './address-confirmation.js';
import type { AccountEvent } from './events.js';

/** An account as onboarding sees it. */
export interface WaitingTurn {
  standing: AccountStanding;
  confirmation: AddressConfirmation;
  /** The start of its uninterrupted wait: its last join, or a later reinstatement. */
  since: Position;
  /** Its number among the turns of the account, from 1; unlike a position it stays the same in a log that was moved. */
  turn: number;
  /** The position at which its class was last set; undefined if it never was. */
  classifiedAt?: Position;
  /** Epoch milliseconds. */
  onboardedAt?: number;
}

export const waitingTurn: StreamKind<WaitingTurn, AccountEvent> = {
  category: accountStream.category,
  events: accountStream.events,
  initial: { standing: accountStream.initial, confirmation: NEVER_ASKED, since: 0, turn: 0 },
  evolve({ standing: before, ...former }, event, place) {
    const standing = accountStream.evolve(before, event, place);
    const turn = { ...former, confirmation: confirmationAfter(former.confirmation, event) };
    switch (event.type) {
      case 'WaitlistJoined':
      case 'AccountReinstated':
        return { ...turn, standing, since: place.position, turn: turn.turn + 1 };
      case 'WaitlistClassSet':
        return { ...turn, standing, classifiedAt: place.position };
      case 'AccountOnboarded':
        return { ...turn, standing, onboardedAt: Date.parse(place.time) };
      default:
        return { ...turn, standing };
    }
  },
};

/** Who may be chosen: nobody whose address has to be confirmed first. */
export const isWaiting = ({ standing, confirmation }: WaitingTurn): boolean =>
  standing.status === 'waiting' && !standing.deactivated && !confirmation.isPending;

export interface OnboardInTurn {
  accountId: string;
  cohortId: string;
  /** The turn for which it was chosen; unknown in a choice of an earlier release. */
  turn: number | undefined;
  /** The position of the choice. */
  chosenAt: Position;
}

/**
 * A no-op for an account that left or was deactivated after it was chosen, even if it waits again: that is another turn. It is one too
 * for an account that has another address since, which is not confirmed.
 */
export function onboardInTurn(
  turn: WaitingTurn,
  { accountId, cohortId, turn: chosen, chosenAt }: OnboardInTurn,
): AccountEvent[] {
  const isSameTurn = chosen === undefined ? turn.since < chosenAt : turn.turn === chosen;
  return isWaiting(turn) && isSameTurn ? onboardAccount(turn.standing, { accountId, cohortId }) : [];
}
