import type { View } from '../../projections/view.js';
import { calendarBuckets } from '../calendar-buckets.js';

export type DeactivationRow = {
  account_id: string;
  /** When the account was deactivated, the last time. */
  at: number;
  /** When that was stored, whatever time it is of. */
  stored_at: number;
  reason: string;
  case_id: string | null;
  categories: string[];
  reinstated_at: number | null;
  /** Of the account's last event that concerns it. */
  position: number;
};

export const deactivationsView: View<DeactivationRow> = {
  name: 'deactivations',
  version: 3,
  summary: 'Accounts that were deactivated, why, and how many on which day.',
  types: ['AccountDeactivated', 'AccountReinstated'],
  table: {
    name: 'deactivations',
    key: 'account_id',
    columns: {
      account_id: { type: 'text' },
      at: { type: 'timestamptz' },
      stored_at: { type: 'timestamptz' },
      reason: { type: 'text' },
      case_id: { type: 'text', nullable: true },
      categories: { type: 'jsonb' },
      reinstated_at: { type: 'timestamptz', nullable: true },
      position: { type: 'int8' },
    },
  },
  keys: (event) => [event.data.accountId],
  evolve(row, { type, data, metadata, recordedAt, position }, accountId) {
    if (row && position <= row.position) return row;
    const at = Date.parse(metadata.time);
    if (type === 'AccountReinstated') return row && { ...row, reinstated_at: row.reinstated_at ?? at, position };
    return {
      account_id: accountId,
      at,
      stored_at: Date.parse(recordedAt),
      reason: data.reason,
      case_id: data.caseId ?? null,
      categories: [...new Set<string>(data.categories)].sort(),
      reinstated_at: null,
      position,
    };
  },
  counters: {
    name: 'deactivation_counters',
    columns: ['deactivated', 'reinstated'],
    contribution(row) {
      const amounts = { deactivated: 1, reinstated: row.reinstated_at === null ? 0 : 1 };
      const buckets = ['all', ...calendarBuckets(row.at), ...row.categories.map((category) => `category:${category}`)];
      return buckets.map((bucket) => ({ bucket, amounts }));
    },
  },
};
