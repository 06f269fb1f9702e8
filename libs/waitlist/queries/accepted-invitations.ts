import type pg from 'pg';
import { viewTable } from '../../projections/view-tables.js';
import { waitlistEntriesView } from '../views/waitlist-entries.js';

/** Enough for one look; those left out come with a later one. */
const MAX_ACCEPTED = 10_000;

/** By batch, the accounts that accepted an invitation and are not onboarded, as far as the view has come. */
export const acceptedInvitations = (pool: pg.Pool) => async (): Promise<Map<string, string[]>> => {
  const { rows } = await pool.query(
    `SELECT account_id, batch_id FROM ${viewTable(waitlistEntriesView)} WHERE status = 'accepted' ORDER BY batch_id LIMIT $1`,
    [MAX_ACCEPTED],
  );
  const byBatch = new Map<string, string[]>();
  for (const { account_id: accountId, batch_id: batchId } of rows) {
    const accounts = byBatch.get(batchId);
    if (accounts) accounts.push(accountId);
    else byBatch.set(batchId, [accountId]);
  }
  return byBatch;
};
