import { accountStandingView } from '../../account/index.js';
import { viewTable } from '../../projections/view-tables.js';
import type { SAFETY_COUNTS } from '../safety-counts.js';
import { deactivationsView } from '../views/deactivations.js';
import { safetyImagesView } from '../views/safety-images.js';
import { MAX_GROUPS } from './groupings.js';

const FLAGGED = 'flagged_at IS NOT NULL';

/** The counts of the image counters, as conditions on a row. */
const CONDITIONS: Record<Exclude<(typeof SAFETY_COUNTS)[number], 'flags'>, string> = {
  generated: 'generated_at IS NOT NULL',
  shared: 'shared_at IS NOT NULL',
  exposed: 'exposed_at IS NOT NULL',
  flagged: FLAGGED,
  exposed_flagged: `exposed_at IS NOT NULL AND ${FLAGGED}`,
  cases_open: `${FLAGGED} AND case_status = 'open'`,
  cases_confirmed: `${FLAGGED} AND case_status = 'confirmed'`,
  cases_dismissed: `${FLAGGED} AND case_status = 'dismissed'`,
  cases_model_problem: `${FLAGGED} AND case_status = 'model_problem'`,
  exposed_confirmed: `exposed_at IS NOT NULL AND ${FLAGGED} AND case_status = 'confirmed'`,
};

const counts = Object.entries(CONDITIONS).map(([name, condition]) => `count(*) FILTER (WHERE ${condition}) AS ${name}`);
const ACCOUNTS = viewTable(accountStandingView);

/**
 * SQL: the safety counts by the cohort of the image's account; accounts without a cohort are in no group.
 * Computed on demand, in one pass over the images and accounts: counters would make every image more expensive, and an
 * account's earlier images change their group when it is onboarded.
 */
export const COHORT_COUNTS = `
  WITH of_accounts AS (
    SELECT cohort_id, count(d.account_id) AS deactivated, count(d.reinstated_at) AS reinstated
    FROM ${ACCOUNTS} LEFT JOIN ${viewTable(deactivationsView)} d USING (account_id)
    WHERE cohort_id IS NOT NULL GROUP BY cohort_id
  ), of_images AS (
    SELECT cohort_id, coalesce(sum(flag_count) FILTER (WHERE ${FLAGGED}), 0) AS flags, ${counts}
    FROM ${viewTable(safetyImagesView)} JOIN ${ACCOUNTS} USING (account_id)
    WHERE cohort_id IS NOT NULL GROUP BY cohort_id
  )
  SELECT * FROM of_accounts LEFT JOIN of_images USING (cohort_id)
  ORDER BY cohort_id COLLATE "C" LIMIT ${MAX_GROUPS}`;
