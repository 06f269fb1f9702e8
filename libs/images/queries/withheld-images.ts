import type pg from 'pg';
import type { Position } from '../../kernel/envelope.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { withheldImagesView } from '../views/withheld-images.js';

export interface KnownWithheld {
  imageIds: string[];
  /** Every image that was withheld by then and not restored is among them, if they are at most the limit. */
  asOf: Position;
}

/**
 * The images that are withheld as of the view's position, with those of which an event could not be processed.
 * @param limit maximum number; one more than that says that there are more
 * @returns undefined before the view is built
 */
export async function withheldImages(
  pool: pg.Pool,
  reader: ViewReader,
  limit: number,
): Promise<KnownWithheld | undefined> {
  try {
    // Before the rows, so that these include everything up to there.
    const asOf = await reader.position(withheldImagesView);
    const { rows } = await queryView(pool, {
      text: `SELECT image_id FROM ${viewTable(withheldImagesView)} WHERE case_id IS NOT NULL
             UNION SELECT key FROM projections.parked WHERE follower LIKE $1 LIMIT $2`,
      values: [`view:${withheldImagesView.name}:%`, limit + 1],
    });
    return { imageIds: rows.map((row) => row.image_id), asOf };
  } catch (error) {
    if (error instanceof ViewNotBuilt) return undefined;
    throw error;
  }
}
