import { placeOf } from '../../kernel/decider.js';
import { bool, defineView, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { type AccountStanding, type AccountStream, accountStream } from '../account-standing.js';

const columns = {
  account_id: text(),
  status: text<AccountStanding['status']>(),
  policy_version: nullable(text()),
  /** Suspended while the clock is before it; no event marks the end. */
  suspended_until: nullable(timestamptz()),
  deactivated: bool(),
  deactivated_at: nullable(timestamptz()),
  cohort_id: nullable(text()),
  /** The position of the account's last event. */
  position: int8(),
};

export type AccountStandingRow = RowOf<typeof columns>;

/** Folds with the account's own `evolve`: the state of an account has one definition. */
export const accountStandingOf = (account: AccountStream) =>
  defineView({
    name: 'account-standing',
    version: 1,
    summary: 'The state of each account: waitlist, policy, suspension, deactivation.',
    events: account.events,
    table: { name: 'accounts', key: 'account_id', columns },
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
