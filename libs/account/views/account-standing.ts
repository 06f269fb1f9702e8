import type { RecordedEvent } from '../../kernel/envelope.js';
import type { View } from '../../projections/view.js';

export type AccountStandingRow = {
  account_id: string;
  status: 'unknown' | 'waiting' | 'left' | 'onboarded';
  policy_version: string | null;
  /** Suspended while the clock is before it; nothing is written when it ends. */
  suspended_until: number | null;
  deactivated: boolean;
  deactivated_at: number | null;
  cohort_id: string | null;
  /** Of the account's last event. */
  position: number;
};

/** Where each account stands, for lists and for gateways that fill their replica. */
export const accountStandingView: View<AccountStandingRow> = {
  name: 'account-standing',
  version: 1,
  summary: 'Where each account stands: waitlist, policy, suspension, deactivation.',
  types: [
    'WaitlistJoined',
    'WaitlistLeft',
    'PolicyAccepted',
    'AccountOnboarded',
    'AccountSuspended',
    'AccountDeactivated',
    'AccountReinstated',
  ],
  table: {
    name: 'accounts',
    key: 'account_id',
    columns: {
      account_id: { type: 'text' },
      status: { type: 'text' },
      policy_version: { type: 'text', nullable: true },
      suspended_until: { type: 'timestamptz', nullable: true },
      deactivated: { type: 'bool' },
      deactivated_at: { type: 'timestamptz', nullable: true },
      cohort_id: { type: 'text', nullable: true },
      position: { type: 'int8' },
    },
  },
  keys: (event) => [event.data.accountId],
  evolve(row, event, accountId) {
    if (row && event.position <= row.position) return row;
    return { ...(row ?? stranger(accountId)), ...change(event), position: event.position };
  },
};

const stranger = (accountId: string): AccountStandingRow => ({
  account_id: accountId,
  status: 'unknown',
  policy_version: null,
  suspended_until: null,
  deactivated: false,
  deactivated_at: null,
  cohort_id: null,
  position: 0,
});

function change({ type, data, metadata }: RecordedEvent): Partial<AccountStandingRow> {
  switch (type) {
    case 'WaitlistJoined':
      return { status: 'waiting' };
    case 'WaitlistLeft':
      return { status: 'left' };
    case 'PolicyAccepted':
      return { policy_version: data.version };
    case 'AccountOnboarded':
      return { status: 'onboarded', cohort_id: data.cohortId };
    case 'AccountSuspended':
      return { suspended_until: Date.parse(data.until) };
    case 'AccountDeactivated':
      return { deactivated: true, deactivated_at: Date.parse(metadata.time) };
    case 'AccountReinstated':
      return { deactivated: false, deactivated_at: null, suspended_until: null };
    default:
      return {};
  }
}
