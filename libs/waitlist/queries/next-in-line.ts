import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { waitlistEntriesView } from '../views/waitlist-entries.js';

const WAIT_MS = 10_000;

/**
 * First come first served inside a priority class.
 * @throws StoreUnavailable if the waitlist's view is too far behind
 */
export const nextInLine =
  (pool: pg.Pool, store: EventStore, reader: ViewReader) =>
  async (people: number, priority?: number): Promise<string[]> => {
    await reader.reached(waitlistEntriesView, await store.head(), WAIT_MS);
    const { rows } = await pool.query(
      `SELECT account_id FROM ${viewTable(waitlistEntriesView)}
       WHERE status = 'waiting' AND ($2::int IS NULL OR priority = $2) ORDER BY priority, joined_position LIMIT $1`,
      [people, priority ?? null],
    );
    return rows.map((row) => row.account_id);
  };
