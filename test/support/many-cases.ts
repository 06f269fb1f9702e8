import type pg from 'pg';
import { viewTable } from '../../libs/projections/view-tables.js';
import { casesView } from '../../libs/review/views/cases.js';

interface Filling {
  prefix: string;
  count: number;
  /** When the cases were opened, in epoch milliseconds. Each is due a second after the one before. */
  now: number;
  status?: string;
  queue?: string;
  table?: string;
}

/** Rows of the view of cases, with the ids `{prefix}1` and so on. */
export const fillCases = (
  pool: Pick<pg.Pool, 'query'>,
  { prefix, count, now, status = 'open', queue = 'default', table = viewTable(casesView) }: Filling,
) =>
  pool.query(
    `INSERT INTO ${table} (case_id, image_id, status, round, origin, is_unflagged, panel_size, is_panel_given, verdicts_needed, is_held, is_escalated, flags, flags_received, reviewers,
       verdicts, categories, queue, priority, judged_flaggers, opened_at, due_at, flagged_at, position)
     SELECT $1 || n, $1 || n, $3, 1, 'flags', false, 1, false, 0, false, false, '[{"flaggedBy": "acc-9", "categories": ["violent"]}]', 1, '[]', '[]', '["violent"]', $4, 0, '[]', now,
       now + n * interval '1 second', now, 1
     FROM generate_series(1, $2::int) n, to_timestamp($5::float8 / 1000) now`,
    [prefix, count, status, queue, now],
  );
