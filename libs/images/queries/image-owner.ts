import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import { Refusal } from '../../kernel/errors.js';
import { EVENT_STORE, POOL } from '../../platform/ports.js';
import { ViewReader } from '../../projections/view-reader.js';
import { imagesView } from '../views/images.js';
import { knownImage } from './image-facts.js';

/** The account an image was made for, where the view knows it. */
export const ownerOf = (pool: pg.Pool): ((imageId: string) => Promise<string | undefined>) => {
  const find = knownImage(pool);
  return async (imageId) => (await find(imageId)).facts?.accountId;
};

const WAIT_MS = 5_000;

/** Whose images are, for those who can't do without knowing. */
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
   * As of everything stored so far, where nobody was known before.
   * @throws Refusal image-parked when the view can't tell of this image
   * @throws StoreUnavailable when the view is too far behind to tell
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
        `the images view has left out an event of ${imageId}, so whose it is can't be told; rebuild that view`,
      );
    }
    return known.facts?.accountId;
  }
}
