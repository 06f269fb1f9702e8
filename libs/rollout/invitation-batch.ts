import type { StreamKind } from '../kernel/decider.js';
import { type Choice, isLastPart, noChoice, placesLeft, withPart } from './cohort.js';
import { type BatchEvent, batchEvents } from './invitation-events.js';

export const batchStream: StreamKind<Choice, BatchEvent> = {
  category: 'invitations',
  events: batchEvents,
  initial: noChoice,
  evolve: (state, { data: { accounts, last } }, { position }) => withPart(state, accounts.length, position, last),
};

export interface ChooseInvited {
  batchId: string;
  /** The index of the part, so that of two concurrent choices only one is stored. */
  part: number;
  /** If fewer than the places left, nobody else waits. */
  accounts: readonly string[];
  /** For which turn each is chosen. */
  turns: readonly number[];
  /** The number of places that the batch got. */
  size: number;
}

/** A no-op if that part was chosen. */
export function chooseInvited(state: Choice, { batchId, part, ...chosen }: ChooseInvited): BatchEvent[] {
  if (state.complete || state.parts.length !== part) return [];
  const { size } = chosen;
  const accounts = chosen.accounts.slice(0, placesLeft(state, size));
  const turns = chosen.turns.slice(0, accounts.length);
  const last = isLastPart(state, accounts.length, size);
  return [{ type: 'InvitationsChosen', data: { batchId, accounts, turns, part, last } }];
}

/** Of a batch that is over: nobody else is chosen. A no-op if the choice is complete. */
export const endChoice = ({ parts, complete }: Choice, batchId: string): BatchEvent[] =>
  complete
    ? []
    : [{ type: 'InvitationsChosen', data: { batchId, accounts: [], turns: [], part: parts.length, last: true } }];
