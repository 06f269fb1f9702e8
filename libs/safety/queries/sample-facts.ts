import type pg from 'pg';
import type { Position } from '../../kernel/envelope.js';
import { queryView } from '../../projections/view-query.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../../review/index.js';
import { safetyImagesView } from '../views/safety-images.js';

/* What the choice of the sample depends on. */

/** When an image was first exposed, in epoch milliseconds, as of a position at least. @throws NotCaughtUp */
export async function firstExposure(
  pool: pg.Pool,
  reader: ViewReader,
  imageId: string,
  from: Position,
  waitMs: number,
): Promise<number | null> {
  await reader.reached(safetyImagesView, from, waitMs);
  const { rows } = await queryView(pool, {
    name: 'gatehouse_first_exposure',
    text: `SELECT exposed_at FROM ${viewTable(safetyImagesView)} WHERE image_id = $1`,
    values: [imageId],
  });
  const at = rows[0]?.exposed_at ?? null;
  return at === null ? null : new Date(at).getTime();
}

/** The cases of the sample that are not decided, as of a moment ago. */
export async function waitingSamples(pool: pg.Pool): Promise<number> {
  const { rows } = await queryView(pool, {
    name: 'gatehouse_waiting_samples',
    text: `SELECT count(*)::int AS waiting FROM ${viewTable(casesView)}
           WHERE origin <> 'flags' AND origin = 'sample' AND status IN ('open', 'claimed')`,
  });
  return rows[0].waiting;
}
