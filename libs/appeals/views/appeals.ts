import { bool, defineView, int4, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import type { APPEAL_STATUSES } from '../appeal.js';
import { appealEvents } from '../events.js';

const columns = {
  /** The id of the enforcement. */
  appeal_id: text(),
  account_id: text(),
  case_id: nullable(text()),
  number: int4(),
  has_new_evidence: bool(),
  status: text<(typeof APPEAL_STATUSES)[number]>(),
  filed_at: timestamptz(),
  /** Until when it is to be decided. */
  due_at: timestamptz(),
  /** When it was said that it was not. */
  overdue_at: nullable(timestamptz()),
  /** When somebody claimed it for the first time, and so could read what the person wrote. */
  first_claimed_at: nullable(timestamptz()),
  claimed_by: nullable(text()),
  claimed_until: nullable(timestamptz()),
  /** To whom it was handed over. */
  reserved_for: nullable(text()),
  reserved_until: nullable(timestamptz()),
  decided_at: nullable(timestamptz()),
  decided_by: nullable(text()),
  clause: nullable(text()),
  reason: nullable(text()),
  /** How many appeals against this enforcement had each outcome. */
  granted: int4(),
  partly_granted: int4(),
  denied: int4(),
  /** The position of its last event. */
  position: int8(),
};

export type AppealRow = RowOf<typeof columns>;

const UNCLAIMED = { claimed_by: null, claimed_until: null, reserved_for: null, reserved_until: null };
const NONE = { granted: 0, partly_granted: 0, denied: 0 };
const OUTCOME_OF = {
  AppealGranted: { status: 'granted', column: 'granted' },
  AppealPartlyGranted: { status: 'partly-granted', column: 'partly_granted' },
  AppealDenied: { status: 'denied', column: 'denied' },
} as const;

export const appealsView = defineView({
  name: 'appeals',
  version: 4,
  summary: 'The last appeal against each enforcement, without what the person wrote.',
  events: appealEvents,
  table: {
    name: 'appeals',
    key: 'appeal_id',
    columns,
    // For those that wait, by their deadline, for all, and for those of an account.
    indexes: [`(due_at, appeal_id) WHERE status = 'open'`, '(filed_at, appeal_id)', '(account_id, filed_at)'],
  },
  keys: ({ data }) => [data.appealId],
  evolve(row: AppealRow | undefined, { type, data, metadata, position }, appealId) {
    if (row && position <= row.position) return row;
    const at = Date.parse(metadata.time);
    switch (type) {
      case 'AppealFiled':
        return {
          appeal_id: appealId,
          account_id: data.accountId,
          case_id: data.caseId ?? null,
          number: data.number,
          has_new_evidence: data.hasNewEvidence,
          status: 'open',
          filed_at: at,
          due_at: Date.parse(data.dueAt),
          overdue_at: null,
          first_claimed_at: null,
          ...UNCLAIMED,
          ...{ decided_at: null, decided_by: null, clause: null, reason: null },
          ...(row ? { granted: row.granted, partly_granted: row.partly_granted, denied: row.denied } : NONE),
          position,
        };
      case 'AppealClaimed':
        return (
          row && {
            ...row,
            first_claimed_at: row.first_claimed_at ?? at,
            ...UNCLAIMED,
            ...{ claimed_by: data.reviewer, claimed_until: Date.parse(data.until), position },
          }
        );
      case 'AppealReleased':
        return row && { ...row, ...UNCLAIMED, position };
      case 'AppealHandedOver': {
        const { reviewer, until } = data;
        return row && { ...row, ...UNCLAIMED, reserved_for: reviewer, reserved_until: Date.parse(until), position };
      }
      case 'AppealOverdue':
        return row && { ...row, overdue_at: at, position };
      case 'AppealLapsed':
        return row && { ...row, ...UNCLAIMED, status: 'lapsed', decided_at: at, position };
      default: {
        if (!row) return undefined;
        const { status, column } = OUTCOME_OF[type];
        return {
          ...{ ...row, ...UNCLAIMED, status, [column]: row[column] + 1 },
          decided_at: at,
          decided_by: data.reviewer,
          clause: 'clause' in data ? data.clause : null,
          reason: data.reason,
          position,
        };
      }
    }
  },
  counters: {
    name: 'appeal_counters',
    columns: ['granted', 'partly_granted', 'denied'],
    contribution: ({ granted, partly_granted, denied }) => [
      { bucket: 'all', amounts: { granted, partly_granted, denied } },
    ],
  },
});
