import type { RecordedEvent } from '../../kernel/envelope.js';
import type { View } from '../../projections/view.js';

/** The class of whoever joins without one. */
const DEFAULT_PRIORITY = 5;

export type WaitlistEntryRow = {
  account_id: string;
  /** `barred`: deactivated while waiting; waits again, at its old place, when it is reinstated. */
  status: 'waiting' | 'left' | 'onboarded' | 'barred';
  priority: number;
  /** Of the join in force: the order of the waitlist. */
  joined_position: number;
  joined_at: number;
  cohort_id: string | null;
  onboarded_at: number | null;
  /** Of the account's last event that concerns the waitlist. */
  position: number;
};

/** First come first served is `WHERE status = 'waiting' ORDER BY priority, joined_position`. */
export const waitlistEntriesView: View<WaitlistEntryRow> = {
  name: 'waitlist-entries',
  version: 1,
  summary: 'Who waits, in order, and who left or was let in.',
  types: ['WaitlistJoined', 'WaitlistLeft', 'AccountOnboarded', 'AccountDeactivated', 'AccountReinstated'],
  table: {
    name: 'entries',
    key: 'account_id',
    columns: {
      account_id: { type: 'text' },
      status: { type: 'text' },
      priority: { type: 'int4' },
      joined_position: { type: 'int8' },
      joined_at: { type: 'timestamptz' },
      cohort_id: { type: 'text', nullable: true },
      onboarded_at: { type: 'timestamptz', nullable: true },
      position: { type: 'int8' },
    },
    indexes: [`(priority, joined_position) WHERE status = 'waiting'`, '(joined_position)'],
  },
  keys: (event) => [event.data.accountId],
  evolve(row, event, accountId) {
    if (event.type === 'WaitlistJoined') {
      return row && event.position <= row.position ? row : joined(accountId, event);
    }
    // Whoever never joined has no entry; a deactivation may concern such an account.
    if (!row || event.position <= row.position) return row;
    return { ...row, ...change(row, event), position: event.position };
  },
};

const joined = (accountId: string, event: RecordedEvent): WaitlistEntryRow => ({
  account_id: accountId,
  status: 'waiting',
  priority: event.data.priority ?? DEFAULT_PRIORITY,
  joined_position: event.position,
  joined_at: Date.parse(event.metadata.time),
  cohort_id: null,
  onboarded_at: null,
  position: event.position,
});

function change(row: WaitlistEntryRow, { type, data, metadata }: RecordedEvent): Partial<WaitlistEntryRow> {
  if (type === 'WaitlistLeft') return { status: 'left' };
  if (type === 'AccountOnboarded') {
    return { status: 'onboarded', cohort_id: data.cohortId, onboarded_at: Date.parse(metadata.time) };
  }
  if (type === 'AccountDeactivated' && row.status === 'waiting') return { status: 'barred' };
  if (type === 'AccountReinstated' && row.status === 'barred') return { status: 'waiting' };
  return {};
}
