import type { StreamKind } from '../kernel/decider.js';
import { type CohortPart, isLastPart, placesLeft } from './cohort.js';
import { type BatchEvent, batchEvents } from './invitation-events.js';

/** Who is invited with a batch. */
export interface InvitationBatch {
  chosen: readonly Required<CohortPart>[];
  /** Whether the choice is complete. */
  complete: boolean;
}

export const batchStream: StreamKind<InvitationBatch, BatchEvent> = {
  category: 'invitations',
  events: batchEvents,
  initial: { chosen: [], complete: false },
  evolve: ({ chosen }, { data: { accounts, turns, last } }, { position }) => ({
    chosen: [...chosen, { accounts, turns, chosenAt: position }],
    complete: last,
  }),
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
export function chooseInvited(state: InvitationBatch, { batchId, part, ...chosen }: ChooseInvited): BatchEvent[] {
  if (state.complete || state.chosen.length !== part) return [];
  const { size } = chosen;
  const accounts = chosen.accounts.slice(0, placesLeft(state, size));
  const turns = chosen.turns.slice(0, accounts.length);
  const last = isLastPart(state, accounts.length, size);
  return [{ type: 'InvitationsChosen', data: { batchId, accounts, turns, part, last } }];
}

/** Of a batch that is over: nobody else is chosen. A no-op if the choice is complete. */
export const endChoice = ({ chosen, complete }: InvitationBatch, batchId: string): BatchEvent[] =>
  complete
    ? []
    : [{ type: 'InvitationsChosen', data: { batchId, accounts: [], turns: [], part: chosen.length, last: true } }];
