import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import { EVENT_STORE, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { imagesView } from './images.js';

/** The account an image was made for, where the view knows it. */
export const ownerOf =
  (pool: pg.Pool) =>
  async (imageId: string): Promise<string | undefined> => {
    const { rows } = await queryView(pool, {
      name: 'gatehouse_image_owner',
      text: `SELECT account_id FROM ${viewTable(imagesView)} WHERE image_id = $1`,
      values: [imageId],
    });
    return rows[0]?.account_id;
  };

const WAIT_MS = 5_000;

/** Whose images are, for those who can't do without knowing. */
@Injectable()
export class ImageOwners {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(ViewReader) private readonly reader: ViewReader,
  ) {}

  /**
   * As of everything stored so far.
   * @throws StoreUnavailable when the view is too far behind to tell
   */
  async ownerOf(imageId: string): Promise<string | undefined> {
    await this.reader.reached(imagesView, await this.store.head(), WAIT_MS);
    return ownerOf(this.pool)(imageId);
  }
}
