import type { EventPlace } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import type { RolloutEvent } from './events.js';

/**
 * A batch of invitations that are not all decided. It has no account, since the state of the rollout must not grow with the
 * people who are invited: the stream of the batch has them.
 */
export interface HeldBatch {
  batchId: string;
  /** The position of the event that holds its places. */
  position: Position;
  /** The places that it got and that were not freed. */
  size: number;
  /** When it was decided, and until when people can accept, in epoch milliseconds. */
  heldAt: number;
  until: number;
  /** The people whom cohorts admitted with it: they count with the cohort. More than places only if some accepted while it was withdrawn. */
  admitted: number;
  /** `begun`: nobody is invited or accepts any more. `completed`: nobody is invited, each invitation was accepted or has ended. */
  withdrawal?: 'begun' | 'completed';
}

export interface HeldPlaces {
  /** In the order of their decision. */
  batches: readonly HeldBatch[];
  /** All others by id, each with the position of the event that held its places, so that no late repeat holds places again. */
  over: ReadonlyMap<string, Position>;
  /** The batches that were withdrawn, also those that are over, each with the position of the event that withdrew it. */
  withdrawn: ReadonlyMap<string, Position>;
}

export const noneHeld: HeldPlaces = { batches: [], over: new Map(), withdrawn: new Map() };

export function evolveHeld(held: HeldPlaces, { type, data }: RolloutEvent, { position }: EventPlace): HeldPlaces {
  switch (type) {
    case 'PlacesHeld': {
      const { batchId, size } = data;
      const batch = {
        batchId,
        position,
        size,
        heldAt: Date.parse(data.at),
        until: Date.parse(data.until),
        admitted: 0,
      };
      return {
        ...held,
        batches: [...held.batches, batch],
      };
    }
    case 'CohortAdmitted':
      return changed(held, data.batchId, (one) => ({ ...one, admitted: one.admitted + data.size }));
    case 'PlacesFreed': {
      const { batchId, places, isOver } = data;
      if (!isOver) return changed(held, batchId, (one) => ({ ...one, size: one.size - places }));
      const batch = batchOf(held, batchId);
      return {
        ...held,
        batches: held.batches.filter((one) => one !== batch),
        over: new Map([...held.over, [batchId, batch?.position ?? position]]),
      };
    }
    case 'InvitationsWithdrawn': {
      const { batchId } = data;
      const withdrawn = new Map([...held.withdrawn, [batchId, position]]);
      return { ...changed(held, batchId, (one) => ({ ...one, withdrawal: 'begun' })), withdrawn };
    }
    case 'WithdrawalCompleted':
      return changed(held, data.batchId, (one) => ({ ...one, withdrawal: 'completed' }));
    default:
      return held;
  }
}

const changed = (held: HeldPlaces, batchId: string | undefined, change: (batch: HeldBatch) => HeldBatch): HeldPlaces =>
  batchId === undefined
    ? held
    : { ...held, batches: held.batches.map((one) => (one.batchId === batchId ? change(one) : one)) };

export const batchOf = ({ batches }: HeldPlaces, batchId: string): HeldBatch | undefined =>
  batches.find((one) => one.batchId === batchId);

/** The position of the event that held the places of a batch, also of one that is over. */
export const heldAt = (held: HeldPlaces, batchId: string): Position | undefined =>
  batchOf(held, batchId)?.position ?? held.over.get(batchId);

export const placesOf = ({ size, admitted }: HeldBatch): number => Math.max(0, size - admitted);

/** They count whatever the clock says: only an event frees them. */
export const heldNow = ({ batches }: HeldPlaces): number => batches.reduce((sum, one) => sum + placesOf(one), 0);
