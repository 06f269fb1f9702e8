import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import type { Position } from '../../kernel/envelope.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { waitlistEntriesView } from '../views/waitlist-entries.js';

/** Somebody who waits. */
export interface WaitingPerson {
  accountId: string;
  class: string;
}

/**
 * The front of each class's line at the head of the log (`asOf`): at most so many people of each class, together in the order
 * of their turn. Leaves out whose entry has changed since: they may have rejoined.
 * @returns a function that throws NotCaughtUp if the waitlist's view is too far behind
 */
export const nextInLine =
  (pool: pg.Pool, store: EventStore, reader: ViewReader, waitMs: number) =>
  async (people: number, priority?: number): Promise<{ people: WaitingPerson[]; asOf: Position }> => {
    const asOf = await store.head();
    await reader.reached(waitlistEntriesView, asOf, waitMs);
    const { rows } = await pool.query(FRONT_OF_EACH_CLASS, [people, priority ?? null, asOf]);
    return { people: rows.map((row) => ({ accountId: row.account_id, class: row.class })), asOf };
  };

/** Steps from class to class of the index, so that its cost grows with the classes and not with the people. */
const FRONT_OF_EACH_CLASS = `
  WITH RECURSIVE classes AS (
    (SELECT class FROM ${viewTable(waitlistEntriesView)} WHERE status = 'waiting' ORDER BY class LIMIT 1)
    UNION ALL
    SELECT (
      SELECT entry.class FROM ${viewTable(waitlistEntriesView)} entry
      WHERE entry.status = 'waiting' AND entry.class > classes.class ORDER BY entry.class LIMIT 1
    )
    FROM classes WHERE classes.class IS NOT NULL
  )
  SELECT front.account_id, front.class FROM classes CROSS JOIN LATERAL (
    SELECT entry.account_id, entry.class, entry.priority, entry.joined_position
    FROM ${viewTable(waitlistEntriesView)} entry
    WHERE entry.status = 'waiting' AND entry.class = classes.class AND entry.position <= $3
      AND ($2::int IS NULL OR entry.priority = $2)
    ORDER BY entry.priority, entry.joined_position LIMIT $1
  ) front
  ORDER BY front.priority, front.joined_position`;
