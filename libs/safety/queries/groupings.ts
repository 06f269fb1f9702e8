import { accountStandingView } from '../../account/index.js';
import { viewTable } from '../../projections/view-tables.js';
import { safetyImagesView } from '../views/safety-images.js';

export const GROUPINGS = ['day', 'week', 'category', 'clause', 'cohort', 'model'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Days, inclusive, as `2022-05-18`. */
export interface Days {
  from?: string;
  to?: string;
}

/** 10,000 days are 27 years. The groups beyond are the last in alphabetical order. */
export const MAX_GROUPS = 10_000;

const IMAGES = viewTable(safetyImagesView);
const flaggedIn = (format: string) =>
  `SELECT image_id, to_char(flagged_at AT TIME ZONE 'UTC', '${format}') AS group_name FROM ${IMAGES}
   WHERE flagged_at IS NOT NULL`;

/** SQL: the group of each flagged image, as in the counters. Images of accounts without a cohort have no row. */
export const FLAGGED_IMAGES: Record<Grouping, string> = {
  day: flaggedIn('YYYY-MM-DD'),
  week: flaggedIn('IYYY-"W"IW'),
  category: `SELECT image_id, group_name FROM ${IMAGES}, jsonb_array_elements_text(categories) AS group_name
    WHERE flagged_at IS NOT NULL`,
  clause: `SELECT image_id, clause AS group_name FROM ${IMAGES} WHERE flagged_at IS NOT NULL AND clause IS NOT NULL`,
  model: `SELECT image_id, model AS group_name FROM ${IMAGES} WHERE flagged_at IS NOT NULL AND model IS NOT NULL`,
  cohort: `SELECT image_id, cohort_id AS group_name FROM ${IMAGES} JOIN ${viewTable(accountStandingView)} USING (account_id)
    WHERE flagged_at IS NOT NULL AND cohort_id IS NOT NULL`,
};
