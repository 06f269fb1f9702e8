import { accountStandingView } from '../../account/index.js';
import { viewTable } from '../../projections/view-tables.js';
import type { SAFETY_COUNTS } from '../safety-counts.js';
import { deactivationsView } from '../views/deactivations.js';
import { safetyImagesView } from '../views/safety-images.js';
import { MAX_GROUPS } from './groupings.js';

const FLAGGED = 'flagged_at IS NOT NULL';
const EXPOSED = `exposed_at IS NOT NULL AND ${FLAGGED}`;

/** The counts of the image counters, as conditions on a row. */
const CONDITIONS: Record<Exclude<(typeof SAFETY_COUNTS)[number], 'flags'>, string> = {
  generated: 'generated_at IS NOT NULL',
  shared: 'shared_at IS NOT NULL',
  shared_by_link: 'link_shared_at IS NOT NULL',
  exposed: 'exposed_at IS NOT NULL',
  flagged: FLAGGED,
  exposed_flagged: EXPOSED,
  cases_open: `${FLAGGED} AND case_status = 'open'`,
  cases_confirmed: `${FLAGGED} AND case_status = 'confirmed'`,
  cases_dismissed: `${FLAGGED} AND case_status = 'dismissed'`,
  cases_model_problem: `${FLAGGED} AND case_status = 'model_problem'`,
  exposed_confirmed: `${EXPOSED} AND case_status = 'confirmed'`,
  exposed_dismissed: `${EXPOSED} AND case_status = 'dismissed'`,
  exposed_model_problem: `${EXPOSED} AND case_status = 'model_problem'`,
  exposed_confirmed_sampled: `exposed_at IS NOT NULL AND flagged_at IS NULL AND sample_per_million IS NOT NULL AND case_status = 'confirmed'`,
};

const counts = Object.entries(CONDITIONS).map(([name, condition]) => `count(*) FILTER (WHERE ${condition}) AS ${name}`);
const ACCOUNTS = viewTable(accountStandingView);
const IMAGES = viewTable(safetyImagesView);
const DEACTIVATIONS = viewTable(deactivationsView);

/**
 * SQL: the safety counts by a column of the images. Without it, an image is in no group.
 * @param images the rows to count, with that column
 * @param deactivations the rows of the deactivations, with that column
 */
const countsBy = (group: string, images: string, deactivations: string): string => `
  WITH of_accounts AS (
    SELECT ${group} AS group_name, count(d.account_id) AS deactivated, count(d.reinstated_at) AS reinstated
    FROM ${deactivations} WHERE ${group} IS NOT NULL GROUP BY ${group}
  ), of_images AS (
    SELECT ${group} AS group_name, coalesce(sum(flag_count) FILTER (WHERE ${FLAGGED}), 0) AS flags, ${counts}
    FROM ${images} WHERE ${group} IS NOT NULL GROUP BY ${group}
  )
  SELECT * FROM of_images FULL JOIN of_accounts USING (group_name)
  ORDER BY group_name COLLATE "C" LIMIT ${MAX_GROUPS}`;

const ofTheirImage = `${DEACTIVATIONS} d JOIN ${IMAGES} ON image_id = d.case_id`;

/**
 * SQL of the groupings that are computed on demand, in one pass over the images: counters would make every image more
 * expensive, and an account's earlier images change their group when it is onboarded. Deactivations count in the cohort of
 * the account, or with the model or clause of the image that led to them.
 */
export const GROUP_COUNTS = {
  cohort: countsBy(
    'cohort_id',
    `${IMAGES} JOIN ${ACCOUNTS} USING (account_id)`,
    `${ACCOUNTS} LEFT JOIN ${DEACTIVATIONS} d USING (account_id)`,
  ),
  model: countsBy('model', IMAGES, ofTheirImage),
  // Only flagged images have one, and an index finds them.
  clause: countsBy('clause', `(SELECT * FROM ${IMAGES} WHERE ${FLAGGED}) flagged`, ofTheirImage),
};
export type ComputedGrouping = keyof typeof GROUP_COUNTS;
