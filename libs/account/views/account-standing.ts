import { placeOf } from '../../kernel/decider.js';
import { bool, defineView, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { type AccountStanding, type AccountStream, accountStream } from '../account-standing.js';
import type { Consequences } from '../consequences.js';

const columns = {
  account_id: text(),
  status: text<AccountStanding['status']>(),
  policy_version: nullable(text()),
  /** Suspended while the clock is before it; no event marks the end. */
  suspended_until: nullable(timestamptz()),
  deactivated: bool(),
  deactivated_at: nullable(timestamptz()),
  /** By cause: deactivations, suspensions, restrictions and strikes that nobody has lifted. */
  consequences: nullable(jsonb<Consequences>()),
  cohort_id: nullable(text()),
  /** The position of its onboarding, and when that was stored: the order of onboarding. */
  onboarded_position: nullable(int8()),
  onboarded_stored_at: nullable(timestamptz()),
  /** The cohort of that onboarding; another one later does not change it. */
  onboarded_cohort_id: nullable(text()),
  /** The position of the account's last event. */
  position: int8(),
};

export type AccountStandingRow = RowOf<typeof columns>;

/** Folds with the account's own `evolve`: the state of an account has one definition. */
export const accountStandingOf = (account: AccountStream) =>
  defineView({
    name: 'account-standing',
    version: 5,
    summary: 'The state of each account: waitlist, policy, suspension, deactivation, and their causes.',
    events: account.events,
    table: {
      name: 'accounts',
      key: 'account_id',
      columns,
      indexes: ['(onboarded_position) WHERE onboarded_position IS NOT NULL'],
    },
    keys: ({ data }) => [data.accountId],
    evolve(row: AccountStandingRow | undefined, event, accountId) {
      if (row && event.position <= row.position) return row;
      const isFirst = event.type === 'AccountOnboarded' && (row?.onboarded_position ?? null) === null;
      const after = account.evolve(row ? standingOf(row) : account.initial, event, placeOf(event));
      return {
        account_id: accountId,
        status: after.status,
        policy_version: after.policyVersion ?? null,
        suspended_until: after.suspendedUntil ?? null,
        deactivated: after.deactivated,
        deactivated_at: after.deactivated ? (row?.deactivated_at ?? Date.parse(event.metadata.time)) : null,
        consequences: after.consequences ?? null,
        cohort_id: after.cohortId ?? null,
        onboarded_position: isFirst ? event.position : (row?.onboarded_position ?? null),
        onboarded_stored_at: isFirst ? Date.parse(event.recordedAt) : (row?.onboarded_stored_at ?? null),
        onboarded_cohort_id: isFirst ? event.data.cohortId : (row?.onboarded_cohort_id ?? null),
        position: event.position,
      };
    },
    counters: {
      name: 'account_counters',
      columns: ['people'],
      contribution: ({ onboarded_position, deactivated }) =>
        onboarded_position !== null && !deactivated ? [{ bucket: 'all', amounts: { people: 1 } }] : [],
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
  consequences: row.consequences ?? undefined,
});
