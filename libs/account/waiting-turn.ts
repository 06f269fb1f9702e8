import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { type AccountStanding, accountStream, onboardAccount } from './account-standing.js';
import type { AccountEvent } from './events.js';

/** An account as onboarding sees it. */
export interface WaitingTurn {
  standing: AccountStanding;
  /** The start of its uninterrupted wait: its last join, or a later reinstatement. */
  since: Position;
  /** Epoch milliseconds. */
  onboardedAt?: number;
}

export const waitingTurn: StreamKind<WaitingTurn, AccountEvent> = {
  category: accountStream.category,
  events: accountStream.events,
  initial: { standing: accountStream.initial, since: 0 },
  evolve(turn, event, place) {
    const standing = accountStream.evolve(turn.standing, event, place);
    switch (event.type) {
      case 'WaitlistJoined':
      case 'AccountReinstated':
        return { ...turn, standing, since: place.position };
      case 'AccountOnboarded':
        return { ...turn, standing, onboardedAt: Date.parse(place.time) };
      default:
        return { ...turn, standing };
    }
  },
};

export const isWaiting = ({ standing }: WaitingTurn): boolean => standing.status === 'waiting' && !standing.deactivated;

/** A no-op for an account that left or was deactivated after it was chosen, even if it waits again: that is another turn. */
export function onboardInTurn(
  turn: WaitingTurn,
  { accountId, cohortId, chosenAt }: { accountId: string; cohortId: string; chosenAt: Position },
): AccountEvent[] {
  return isWaiting(turn) && turn.since < chosenAt ? onboardAccount(turn.standing, { accountId, cohortId }) : [];
}
