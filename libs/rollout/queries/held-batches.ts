import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { batchOf, type HeldBatch, heldAt } from '../held-places.js';
import { InvitationsWithdrawn, PlacesHeld } from '../invitation-events.js';
import { rolloutStream } from '../rollout.js';

/** A batch as the rollout knows it. */
export interface KnownBatch {
  event: RecordedOf<typeof PlacesHeld>;
  /** What it holds; undefined if it is over. */
  held: HeldBatch | undefined;
  /** Undefined unless it was withdrawn. */
  withdrawn: RecordedOf<typeof InvitationsWithdrawn> | undefined;
}

/** Finds what held the places of batches of invitations, also of those that are over. */
@Injectable()
export class HeldBatches {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
  ) {}

  async find(batchId: string): Promise<KnownBatch | undefined> {
    const { held } = (await this.transactor.load(rolloutStream, undefined)).state;
    const position = heldAt(held, batchId);
    if (position === undefined) return undefined;
    const withdrawnAt = held.withdrawn.get(batchId);
    const events = await this.store.readPositions([position, ...(withdrawnAt === undefined ? [] : [withdrawnAt])]);
    const event = events.find((one) => isOf(PlacesHeld, one));
    const withdrawn = events.find((one) => isOf(InvitationsWithdrawn, one));
    return event && { event, held: batchOf(held, batchId), withdrawn };
  }
}
