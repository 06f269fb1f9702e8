import { accountStandingView } from '../../account/index.js';
import type { ViewQueries } from '../../projections/rebuilder.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { safetyImagesView } from '../views/safety-images.js';

const DAY_SECONDS = 86_400;
export const IMAGE_COUNTS = ['generated', 'exposed', 'flagged', 'confirmed'] as const;
/** Distinct images: generated and exposed ones by when that happened first, flagged and confirmed ones by their first flag. */
export type ImageCounts = Record<(typeof IMAGE_COUNTS)[number], number>;

export const NO_IMAGES: ImageCounts = { generated: 0, exposed: 0, flagged: 0, confirmed: 0 };

const COUNTED = `SELECT bucket AS group, generated::float8 AS generated, exposed::float8 AS exposed, flagged::float8 AS flagged,
    cases_confirmed::float8 AS confirmed
  FROM ${counterTable(safetyImagesView)} WHERE bucket = ANY($1::text[])`;

const isIn = (time: string): string => `(${time} >= to_timestamp($1::float8) AND ${time} < to_timestamp($2::float8))`;

/**
 * SQL: by the cohort, or by the day or week of `at`; from `$1` to before `$2`, both in seconds since 1970, of the cohort `$3` unless that is null.
 * The images of the period are chosen before anything else, each by an index.
 */
const computed = (group: string): string => `
  SELECT ${group} AS group, ${IMAGE_COUNTS.map((name) => `(count(*) FILTER (WHERE what = '${name}'))::float8 AS ${name}`)}
  FROM (
    SELECT account_id, generated_at, exposed_at, flagged_at, CASE WHEN case_status = 'confirmed' THEN flagged_at END AS confirmed_at
    FROM ${viewTable(safetyImagesView)}
    WHERE account_id IS NOT NULL AND (${['generated_at', 'exposed_at', 'flagged_at'].map(isIn).join(' OR ')})
  ) i LEFT JOIN ${viewTable(accountStandingView)} USING (account_id),
    LATERAL (VALUES ${IMAGE_COUNTS.map((name) => `('${name}', ${name}_at)`)}) event (what, at)
  WHERE ${isIn('at')} AND ($3::text IS NULL OR cohort_id = $3) GROUP BY 1`;

const COMPUTED = {
  day: computed(`to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')`),
  week: computed(`to_char(at AT TIME ZONE 'UTC', 'IYYY-"W"IW')`),
  cohort: computed('cohort_id'),
};

/** Of everybody, for buckets of the counters. */
export async function imagesIn(db: ViewQueries, buckets: readonly string[]): Promise<Map<string, ImageCounts>> {
  return byGroup((await queryView(db, { text: COUNTED, values: [buckets] })).rows);
}

/**
 * Counted from the images of these days.
 * @param from the first day, and `to` the last one, in days since 1970
 * @param cohort only its people; everybody without
 */
export async function imagesBy(
  db: ViewQueries,
  by: keyof typeof COMPUTED,
  [from, to]: readonly [from: number, to: number],
  cohort?: string,
): Promise<Map<string | null, ImageCounts>> {
  const values = [from * DAY_SECONDS, (to + 1) * DAY_SECONDS, cohort ?? null];
  return byGroup((await queryView(db, { text: COMPUTED[by], values })).rows);
}

// biome-ignore lint/suspicious/noExplicitAny: rows as each query names them
const byGroup = (rows: readonly any[]): Map<any, ImageCounts> =>
  new Map(rows.map(({ group, ...counts }): [string | null, ImageCounts] => [group, counts]));
