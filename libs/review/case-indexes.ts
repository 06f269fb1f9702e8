import { IS_CLOSED, IS_OPEN, WAITS } from './case-rows.js';

/**
 * For the lists of all, of closed cases, of those that wait and of those that no flag opened, in each order; for each queue, its
 * oldest case and its claimed ones, for the cases that are decided next, those of a category and of a reviewer, and for the
 * history of an account, counted by status from the index alone.
 */
export const CASE_INDEXES: readonly string[] = [
  '(opened_at, case_id)',
  '(position, case_id)',
  '(queue, opened_at, case_id)',
  `(status, opened_at, case_id) WHERE ${IS_CLOSED}`,
  `(status, position, case_id) WHERE ${IS_CLOSED}`,
  `(status, priority, case_id) WHERE ${IS_CLOSED}`,
  `(opened_at, case_id) WHERE ${WAITS}`,
  `(position, case_id) WHERE ${WAITS}`,
  `(origin, opened_at, case_id) WHERE origin <> 'flags'`,
  // Its condition keeps the planner from reading other queues for the next case of one.
  `(due_at, case_id) WHERE ${WAITS}`,
  `(queue, is_escalated, due_at, case_id) WHERE ${IS_OPEN}`,
  // Without those that are claimed, of which there may be many in front.
  `(queue, is_escalated, due_at, case_id) WHERE status = 'open'`,
  `(queue, opened_at) WHERE ${IS_OPEN}`,
  `(queue, claimed_until) WHERE status = 'claimed'`,
  '(decides_at, case_id) WHERE decides_at IS NOT NULL',
  '(account_id, opened_at, case_id) INCLUDE (status)',
  'USING gin (categories)',
  'USING gin (reviewers jsonb_path_ops)',
  `(claimed_by) WHERE status = 'claimed'`,
  '(reserved_for) WHERE reserved_for IS NOT NULL',
];
