import {
  AccountOnboarded,
  AccountRestricted,
  type AccountStream,
  AccountSuspended,
  AddressChanged,
  AddressConfirmationRequested,
  AddressConfirmed,
  accountStream,
  CauseLifted,
  DeactivationCauseAdded,
  invitationEvents,
  PolicyAccepted,
  StrikeIssued,
  StrikeRescinded,
  WaitlistClassSet,
  WaitlistJoined,
  WaitlistLeft,
} from '../../account/index.js';
import { except } from '../../events/event-definition.js';
import { unhandled } from '../../kernel/decider.js';
import { defineView, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { calendarBuckets } from '../calendar-buckets.js';

const columns = {
  account_id: text(),
  /** When the account was last deactivated. */
  at: timestamptz(),
  /** When that deactivation was stored; `at` is the event's own time. */
  stored_at: timestamptz(),
  reason: text(),
  case_id: nullable(text()),
  categories: jsonb<string[]>(),
  reinstated_at: nullable(timestamptz()),
  /** The position of the account's last event that concerns it. */
  position: int8(),
};

export type DeactivationRow = RowOf<typeof columns>;

const CONCERN_NO_DEACTIVATION = [
  WaitlistJoined,
  WaitlistLeft,
  WaitlistClassSet,
  AddressChanged,
  AddressConfirmationRequested,
  AddressConfirmed,
  PolicyAccepted,
  ...invitationEvents,
  AccountOnboarded,
  AccountSuspended,
  AccountRestricted,
  StrikeIssued,
  StrikeRescinded,
  DeactivationCauseAdded,
  CauseLifted,
];

export const deactivationsOf = (account: AccountStream) =>
  defineView({
    name: 'deactivations',
    version: 4,
    summary: 'Accounts that were deactivated, why, and how many on which day.',
    events: except(account.events, CONCERN_NO_DEACTIVATION),
    // For how long deactivations took lately.
    table: { name: 'deactivations', key: 'account_id', columns, indexes: ['(stored_at)'] },
    keys: ({ data }) => [data.accountId],
    evolve(row: DeactivationRow | undefined, event, accountId) {
      const { metadata, recordedAt, position } = event;
      if (row && position <= row.position) return row;
      const at = Date.parse(metadata.time);
      switch (event.type) {
        case 'AccountDeactivated': {
          const { reason, caseId, categories } = event.data;
          return {
            account_id: accountId,
            at,
            stored_at: Date.parse(recordedAt),
            reason,
            case_id: caseId ?? null,
            categories: [...new Set(categories)].sort(),
            reinstated_at: null,
            position,
          };
        }
        case 'AccountReinstated':
          return row && { ...row, reinstated_at: row.reinstated_at ?? at, position };
        default:
          return unhandled(event);
      }
    },
    counters: {
      name: 'deactivation_counters',
      columns: ['deactivated', 'reinstated'],
      contribution(row) {
        const amounts = { deactivated: 1, reinstated: row.reinstated_at === null ? 0 : 1 };
        const buckets = [
          'all',
          ...calendarBuckets(row.at),
          ...row.categories.map((category) => `category:${category}`),
        ];
        return buckets.map((bucket) => ({ bucket, amounts }));
      },
    },
  });

export const deactivationsView = deactivationsOf(accountStream);
