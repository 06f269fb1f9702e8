import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import { Refusal } from '../../kernel/errors.js';
import { EVENT_STORE, POOL } from '../../platform/ports.js';
import { ViewReader } from '../../projections/view-reader.js';
import { imagesView } from '../views/images.js';
import { knownImage } from './image-facts.js';

/** The account that generated an image, if the view has it. */
export const ownerOf = (pool: pg.Pool): ((imageId: string) => Promise<string | undefined>) => {
  const find = knownImage(pool);
  return async (imageId) => (await find(imageId)).facts?.accountId;
};

const WAIT_MS = 5_000;

/** Looks up the owner of an image for decisions that need it. */
@Injectable()
export class ImageOwners {
  private readonly find: ReturnType<typeof knownImage>;

  constructor(
    @Inject(POOL) pool: pg.Pool,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(ViewReader) private readonly reader: ViewReader,
  ) {
    this.find = knownImage(pool);
  }

  /**
   * Waits until the view has everything stored so far if it has no owner yet.
   * @throws Refusal image-parked if the view left out an event of this image
   * @throws StoreUnavailable if the view is too far behind
   */
  async ownerOf(imageId: string): Promise<string | undefined> {
    let known = await this.find(imageId);
    if (!known.facts) {
      const head = await this.store.head();
      if (known.asOf < head) {
        await this.reader.reached(imagesView, head, WAIT_MS);
        known = await this.find(imageId);
      }
    }
    if (!known.facts && known.isParked) {
      throw new Refusal(
        'image-parked',
        `the owner of image ${imageId} is unknown since the images view left out an event of it; rebuild that view`,
      );
    }
    return known.facts?.accountId;
  }
}
