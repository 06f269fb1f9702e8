import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { heldAt } from '../held-places.js';
import { PlacesHeld } from '../invitation-events.js';
import { rolloutStream } from '../rollout.js';

/** Finds what held the places of batches of invitations, also of those that are over. */
@Injectable()
export class HeldBatches {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
  ) {}

  async find(batchId: string): Promise<RecordedOf<typeof PlacesHeld> | undefined> {
    const { state } = await this.transactor.load(rolloutStream, undefined);
    const position = heldAt(state.held, batchId);
    if (position === undefined) return undefined;
    const [event] = await this.store.readPositions([position]);
    return event && isOf(PlacesHeld, event) ? event : undefined;
  }
}
