import type pg from 'pg';
import type { Position } from '../../kernel/envelope.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { imageReachView } from '../views/image-reach.js';

/** How often an image was shared or downloaded, as far as the view has it; from 0 to MAX_REACH. */
export async function reachOf(pool: pg.Pool, imageId: string): Promise<number> {
  try {
    const { rows } = await queryView(pool, {
      name: 'gatehouse_image_reach',
      text: `SELECT jsonb_array_length(reached_by) AS reach FROM ${viewTable(imageReachView)} WHERE image_id = $1`,
      values: [imageId],
    });
    return rows[0]?.reach ?? 0;
  } catch (error) {
    if (error instanceof ViewNotBuilt) return 0;
    throw error;
  }
}

/** When an image was shared, in epoch milliseconds, as of a position at least. @throws NotCaughtUp if the view is too far behind */
export async function sharesOf(
  pool: pg.Pool,
  reader: ViewReader,
  imageId: string,
  from: Position,
  waitMs: number,
): Promise<number[]> {
  await reader.reached(imageReachView, from, waitMs);
  const { rows } = await queryView(pool, {
    name: 'gatehouse_image_shares',
    text: `SELECT shared_at FROM ${viewTable(imageReachView)} WHERE image_id = $1`,
    values: [imageId],
  });
  return rows[0]?.shared_at ?? [];
}
