import type pg from 'pg';
import { imagesView, reachOf } from '../../images/index.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../views/cases.js';

/** Cases that one is chosen from: the newest. */
const NEWEST = 50;
const SECOND_MS = 1_000;

const CASES = `SELECT c.case_id, (extract(epoch FROM c.opened_at) * 1000)::float8 AS opened,
    (extract(epoch FROM i.generated_at) * 1000)::float8 AS generated
  FROM ${viewTable(casesView)} c LEFT JOIN ${viewTable(imagesView)} i USING (image_id)
  WHERE c.origin = 'flags' ORDER BY c.opened_at DESC, c.case_id DESC LIMIT ${NEWEST}`;

/** What is shown of the image of an ordinary case, for a golden one to be like it. */
export interface LikeOrdinary {
  /** How long before its case the image was generated, in milliseconds; absent if its system did not report it. */
  ageMs?: number;
  /** Whether systems report full seconds only. */
  isInSeconds: boolean;
  /** How often it was shared or downloaded. */
  reach: number;
}

/**
 * Chooses one of the newest cases that flags opened.
 * @param fraction from 0 up to 1
 */
export async function ordinaryCase(pool: pg.Pool, fraction: number): Promise<LikeOrdinary> {
  const { rows } = await queryView(pool, { text: CASES });
  const chosen = rows[Math.floor(fraction * rows.length)];
  if (!chosen) return { isInSeconds: false, reach: 0 };
  const reported = rows.filter(({ generated }) => generated !== null);
  return {
    ...(chosen.generated !== null && { ageMs: Math.max(0, chosen.opened - chosen.generated) }),
    isInSeconds: reported.every(({ generated }) => Math.round(generated) % SECOND_MS === 0),
    reach: await reachOf(pool, chosen.case_id),
  };
}
