import { placeOf } from '../../kernel/decider.js';
import { defineView } from '../../projections/view.js';
import { type AccountStanding, type AccountStream, accountStream } from '../account-standing.js';

export type AccountStandingRow = {
  account_id: string;
  status: AccountStanding['status'];
  policy_version: string | null;
  /** Suspended while the clock is before it; no event marks the end. */
  suspended_until: number | null;
  deactivated: boolean;
  deactivated_at: number | null;
  cohort_id: string | null;
  /** The position of the account's last event. */
  position: number;
};

/** Folds with the account's own `evolve`: the state of an account has one definition. */
export const accountStandingOf = (account: AccountStream) =>
  defineView({
    name: 'account-standing',
    version: 1,
    summary: 'The state of each account: waitlist, policy, suspension, deactivation.',
    events: account.events,
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
    keys: ({ data }) => [data.accountId],
    evolve(row: AccountStandingRow | undefined, event, accountId) {
      if (row && event.position <= row.position) return row;
      const after = account.evolve(row ? standingOf(row) : account.initial, event, placeOf(event));
      return {
        account_id: accountId,
        status: after.status,
        policy_version: after.policyVersion ?? null,
        suspended_until: after.suspendedUntil ?? null,
        deactivated: after.deactivated,
        deactivated_at: after.deactivated ? (row?.deactivated_at ?? Date.parse(event.metadata.time)) : null,
        cohort_id: after.cohortId ?? null,
        position: event.position,
      };
    },
  });

/** The state of each account, for lists and metrics. */
export const accountStandingView = accountStandingOf(accountStream);

const standingOf = (row: AccountStandingRow): AccountStanding => ({
  status: row.status,
  deactivated: row.deactivated,
  suspendedUntil: row.suspended_until ?? undefined,
  policyVersion: row.policy_version ?? undefined,
  cohortId: row.cohort_id ?? undefined,
});
