import { counterTable } from '../../projections/view-tables.js';
import { disregardedDecisionsView } from '../views/disregarded-decisions.js';
import { withheldImageSharesView } from '../views/withheld-image-shares.js';

/** SQL: recorded uses by bucket (`all`, `reason:…`, `service:…`), of accounts and of withheld images together. */
export const DISREGARD_COUNTERS = `
  SELECT bucket, sum(uses)::int AS uses, sum(accounts)::int AS accounts, sum(images)::int AS images FROM (
    SELECT bucket, uses, accounts, 0 AS images FROM ${counterTable(disregardedDecisionsView)}
    UNION ALL
    SELECT bucket, uses, 0, images FROM ${counterTable(withheldImageSharesView)}
  ) both_views GROUP BY bucket`;
