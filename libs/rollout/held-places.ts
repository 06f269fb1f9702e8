import type { EventPlace } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import type { RolloutEvent } from './events.js';

/** A batch of invitations that are not all decided. */
export interface HeldBatch {
  batchId: string;
  /** The position of the event that holds its places. */
  position: Position;
  accounts: readonly string[];
  /** Epoch milliseconds. */
  until: number;
  /** Those of them whose place a cohort took: it counts with the cohort. */
  admitted: readonly string[];
}

export interface HeldPlaces {
  /** In the order of their decision. */
  batches: readonly HeldBatch[];
  /** The ids of all others, so that no late repeat holds places again. */
  freed: readonly string[];
}

export const noneHeld: HeldPlaces = { batches: [], freed: [] };

export function evolveHeld(held: HeldPlaces, { type, data }: RolloutEvent, { position }: EventPlace): HeldPlaces {
  switch (type) {
    case 'PlacesHeld': {
      const { batchId, accounts, until } = data;
      const batch = { batchId, position, accounts, until: Date.parse(until), admitted: [] };
      return { ...held, batches: [...held.batches, batch] };
    }
    case 'CohortAdmitted': {
      const { batchId, accounts = [] } = data;
      if (batchId === undefined) return held;
      const admit = (one: HeldBatch): HeldBatch =>
        one.batchId === batchId ? { ...one, admitted: [...one.admitted, ...accounts] } : one;
      return { ...held, batches: held.batches.map(admit) };
    }
    case 'PlacesFreed':
      return {
        batches: held.batches.filter(({ batchId }) => batchId !== data.batchId),
        freed: [...held.freed, data.batchId],
      };
    default:
      return held;
  }
}

export const batchOf = ({ batches }: HeldPlaces, batchId: string): HeldBatch | undefined =>
  batches.find((one) => one.batchId === batchId);

export const placesOf = ({ accounts, admitted }: HeldBatch): number => accounts.length - admitted.length;

/** They count whatever the clock says: only an event frees them. */
export const heldNow = ({ batches }: HeldPlaces): number => batches.reduce((sum, one) => sum + placesOf(one), 0);
