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
 * @param classes only people of these
 */
export const acceptedInvitations = (pool: pg.Pool) =>
  async function* (busy: readonly string[], classes?: readonly string[]): AsyncGenerator<AcceptedInvitation[]> {
    let after = 0;
    for (let isMore = true; isMore; ) {
      const { rows } = await pool.query(ACCEPTED, [PAGE, after, busy, classes ?? null]);
      if (rows.length > 0) yield rows.map((row) => ({ accountId: row.account_id, batchId: row.batch_id }));
      isMore = rows.length === PAGE;
      if (isMore) after = Number(rows.at(-1).accepted_position);
    }
  };

const ACCEPTED = `SELECT account_id, batch_id, accepted_position FROM ${viewTable(waitlistEntriesView)}
  WHERE status = 'accepted' AND accepted_position > $2::int8 AND batch_id <> ALL ($3::text[])
    AND ($4::text[] IS NULL OR class = ANY ($4))
  ORDER BY accepted_position LIMIT $1`;

/** How many accounts of each of these batches have accepted and are not onboarded, as far as the view has come. @param classes only of these */
export const acceptedOf =
  (pool: pg.Pool) =>
  async (batches: readonly string[], classes?: readonly string[]): Promise<ReadonlyMap<string, number>> => {
    const { rows } = await pool.query(ACCEPTED_OF, [batches, classes ?? null]);
    return new Map(rows.map((row) => [row.batch_id, Number(row.accepted)]));
  };

const ACCEPTED_OF = `SELECT batch_id, count(*) AS accepted FROM ${viewTable(waitlistEntriesView)}
  WHERE status = 'accepted' AND batch_id = ANY ($1::text[]) AND ($2::text[] IS NULL OR class = ANY ($2)) GROUP BY batch_id`;
