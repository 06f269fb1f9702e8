import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { imagesView } from './images.js';

/** What is known of an image that rules ask for; null where its system did not say. */
export interface ImageFacts {
  accountId: string;
  photorealistic: boolean | null;
  faces: boolean | null;
}

/** Undefined for an image that was not told of. */
export const imageFacts =
  (pool: pg.Pool) =>
  async (imageId: string): Promise<ImageFacts | undefined> => {
    const { rows } = await queryView(pool, {
      name: 'gatehouse_image_facts',
      text: `SELECT account_id, photorealistic, faces FROM ${viewTable(imagesView)} WHERE image_id = $1`,
      values: [imageId],
    });
    const row = rows[0];
    return row && { accountId: row.account_id, photorealistic: row.photorealistic, faces: row.faces };
  };

export interface ImageAnswer extends ImageFacts {
  imageId: string;
  generatedAt: string;
  promptCategory: string | null;
}

/** Images as their view has them. */
@Injectable()
export class Images {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async find(imageId: string): Promise<ImageAnswer | undefined> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(imagesView)} WHERE image_id = $1`,
      values: [imageId],
    });
    return rows[0] && toAnswer(rows[0]);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver gives it
const toAnswer = (row: any): ImageAnswer => ({
  imageId: row.image_id,
  accountId: row.account_id,
  generatedAt: toIso(row.generated_at),
  photorealistic: row.photorealistic,
  faces: row.faces,
  promptCategory: row.prompt_category,
});
