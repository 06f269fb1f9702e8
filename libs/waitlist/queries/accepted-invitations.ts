import type pg from 'pg';
import { viewTable } from '../../projections/view-tables.js';
import { waitlistEntriesView } from '../views/waitlist-entries.js';

const PAGE = 1_000;

/** An account that accepted an invitation and is not onboarded. */
interface AcceptedInvitation {
  accountId: string;
  batchId: string;
}

/**
 * The accounts that accepted an invitation and are not onboarded, as far as the view has come: a page at a time, in the order
 * in which they accepted.
 * @param busy batches that are left out
 */
export const acceptedInvitations = (pool: pg.Pool) =>
  async function* (busy: readonly string[]): AsyncGenerator<AcceptedInvitation[]> {
    let after = 0;
    for (let isMore = true; isMore; ) {
      const { rows } = await pool.query(ACCEPTED, [PAGE, after, busy]);
      if (rows.length > 0) yield rows.map((row) => ({ accountId: row.account_id, batchId: row.batch_id }));
      isMore = rows.length === PAGE;
      if (isMore) after = Number(rows.at(-1).accepted_position);
    }
  };

const ACCEPTED = `SELECT account_id, batch_id, accepted_position FROM ${viewTable(waitlistEntriesView)}
  WHERE status = 'accepted' AND accepted_position > $2::int8 AND batch_id <> ALL ($3::text[])
  ORDER BY accepted_position LIMIT $1`;

/** How many accounts of each of these batches have accepted and are not onboarded, as far as the view has come. */
export const acceptedOf =
  (pool: pg.Pool) =>
  async (batches: readonly string[]): Promise<ReadonlyMap<string, number>> => {
    const { rows } = await pool.query(ACCEPTED_OF, [batches]);
    return new Map(rows.map((row) => [row.batch_id, Number(row.accepted)]));
  };

const ACCEPTED_OF = `SELECT batch_id, count(*) AS accepted FROM ${viewTable(waitlistEntriesView)}
  WHERE status = 'accepted' AND batch_id = ANY ($1::text[]) GROUP BY batch_id`;
