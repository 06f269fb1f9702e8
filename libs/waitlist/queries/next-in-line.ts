import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import type { Position } from '../../kernel/envelope.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { waitlistEntriesView } from '../views/waitlist-entries.js';

/**
 * Who is next, first come first served inside a priority class, at the head of the log (`asOf`). Leaves out whose entry has
 * changed since: they may have rejoined.
 * @returns a function that throws NotCaughtUp if the waitlist's view is too far behind
 */
export const nextInLine =
  (pool: pg.Pool, store: EventStore, reader: ViewReader, waitMs: number) =>
  async (people: number, priority?: number): Promise<{ accounts: string[]; asOf: Position }> => {
    const asOf = await store.head();
    await reader.reached(waitlistEntriesView, asOf, waitMs);
    const { rows } = await pool.query(
      `SELECT account_id FROM ${viewTable(waitlistEntriesView)}
       WHERE status = 'waiting' AND position <= $3 AND ($2::int IS NULL OR priority = $2)
       ORDER BY priority, joined_position LIMIT $1`,
      [people, priority ?? null, asOf],
    );
    return { accounts: rows.map((row) => row.account_id), asOf };
  };
