import {
  AccountRestricted,
  type AccountStanding,
  type AccountStream,
  AccountSuspended,
  AddressChanged,
  type AddressConfirmationRequested,
  type AddressConfirmed,
  type accountEvents,
  accountStream,
  CauseLifted,
  classOnJoining,
  DeactivationCauseAdded,
  type InvitationAccepted,
  type InvitationExpired,
  type InvitationSent,
  PolicyAccepted,
  StrikeIssued,
  StrikeRescinded,
  type WaitlistJoined,
} from '../../account/index.js';
import { except, type RecordedOf } from '../../events/event-definition.js';
import { placeOf } from '../../kernel/decider.js';
import { HOLD_OUT } from '../../kernel/reserved-classes.js';
import { bool, defineView, int4, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';

/** The priority class of a join without one. */
const DEFAULT_PRIORITY = 5;

type Confirmation = RecordedOf<typeof AddressConfirmationRequested | typeof AddressConfirmed>;
type Invitation = RecordedOf<typeof InvitationSent | typeof InvitationAccepted | typeof InvitationExpired>;

/** Positions that are counted together. */
const BLOCK = 32_768;
const BLOCK_DIGITS = 12;

/**
 * The bucket of a block of the line, in the order of the line inside its class. A class has no space.
 * @param position of joining
 */
export const blockOfLine = (name: string, priority: number, position: number): string =>
  `${name} ${priority} ${String(Math.floor(position / BLOCK)).padStart(BLOCK_DIGITS, '0')}`;

/** Where that block begins. @param position of joining */
export const beginOfBlock = (position: number): number => Math.floor(position / BLOCK) * BLOCK;

const columns = {
  account_id: text(),
  /** `invited`, `accepted`: waits outside the line, until its invitation ends or a cohort onboards it. `barred`: deactivated while waiting; waits again, at its old place, when it is reinstated. `unconfirmed`: has to confirm its address first, at its place in the line. */
  status: text<'waiting' | 'unconfirmed' | 'invited' | 'accepted' | 'left' | 'onboarded' | 'barred'>(),
  /** Whose share of a cohort it counts for; what operators set stays when it leaves and rejoins. */
  class: text(),
  priority: int4(),
  /** Whether its address has to be confirmed, whatever the status. */
  is_unconfirmed: bool(),
  /** The position of the last join: the order of the waitlist. */
  joined_position: int8(),
  joined_at: timestamptz(),
  /** The batch that invited it last. */
  batch_id: nullable(text()),
  /** Of its last acceptance: the order in which people who accepted come in. */
  accepted_position: nullable(int8()),
  cohort_id: nullable(text()),
  onboarded_at: nullable(timestamptz()),
  /** The position of the account's last event that concerns the waitlist. */
  position: int8(),
};

export type WaitlistEntryRow = RowOf<typeof columns>;

/** Neither begin nor end the time in which an account is deactivated. */
const NOT_BARRING = [
  AddressChanged,
  PolicyAccepted,
  AccountSuspended,
  AccountRestricted,
  StrikeIssued,
  StrikeRescinded,
  DeactivationCauseAdded,
  CauseLifted,
];

/** Folds with the account's own `evolve`: any event that deactivates a waiting account bars it. */
export const waitlistEntriesOf = (account: AccountStream) =>
  defineView({
    name: 'waitlist-entries',
    version: 5,
    summary: 'Who is waiting, in order, and who left or was onboarded.',
    events: except(account.events, NOT_BARRING),
    table: {
      name: 'entries',
      key: 'account_id',
      columns,
      indexes: [
        `(priority, joined_position) WHERE status = 'waiting'`,
        `(class, priority, joined_position) WHERE status = 'waiting'`,
        '(joined_position)',
        `(accepted_position) WHERE status = 'accepted'`,
        `(batch_id) WHERE status = 'accepted'`,
      ],
    },
    keys: ({ data }) => [data.accountId],
    evolve(row: WaitlistEntryRow | undefined, event, accountId) {
      if (row && event.position <= row.position) return row;
      if (event.type === 'WaitlistJoined') return joined(accountId, event, row);
      // A deactivation may concern an account that never joined.
      if (!row) return row;
      const status = statusOf(account.evolve(standingOf(row), event, placeOf(event)), row);
      const { position } = event;
      if (event.type === 'WaitlistClassSet') return { ...classified({ ...row, status }, event.data.class), position };
      if (isConfirmation(event)) return { ...confirmed(row, event), position };
      if (isInvitation(event)) return { ...invited({ ...row, status }, event), position };
      if (event.type !== 'AccountOnboarded') return { ...row, status, position };
      return {
        ...row,
        status,
        cohort_id: event.data.cohortId,
        onboarded_at: Date.parse(event.metadata.time),
        position,
      };
    },
    // A place in the line costs a block and the sums of those before it, and not everybody who is ahead.
    counters: {
      name: 'line',
      columns: ['people', 'unconfirmed'],
      contribution({ status, class: name, priority, joined_position }) {
        if (status !== 'waiting' && status !== 'unconfirmed') return [];
        const amounts = status === 'waiting' ? { people: 1, unconfirmed: 0 } : { people: 0, unconfirmed: 1 };
        return [{ bucket: blockOfLine(name, priority, joined_position), amounts }];
      },
    },
  });

/** First come first served inside a class is `WHERE status = 'waiting' AND class = … ORDER BY priority, joined_position`. */
export const waitlistEntriesView = waitlistEntriesOf(accountStream);

const joined = (
  accountId: string,
  event: RecordedOf<typeof WaitlistJoined>,
  before: WaitlistEntryRow | undefined,
): WaitlistEntryRow => ({
  account_id: accountId,
  status: before?.is_unconfirmed ? 'unconfirmed' : 'waiting',
  is_unconfirmed: before?.is_unconfirmed ?? false,
  class: classOnJoining(event.data.class, before?.class),
  priority: event.data.priority ?? DEFAULT_PRIORITY,
  joined_position: event.position,
  joined_at: Date.parse(event.metadata.time),
  batch_id: null,
  accepted_position: null,
  cohort_id: null,
  onboarded_at: null,
  position: event.position,
});

const isInvitation = (event: RecordedOf<(typeof accountEvents)[number]>): event is Invitation =>
  event.type === 'InvitationSent' || event.type === 'InvitationAccepted' || event.type === 'InvitationExpired';

const isConfirmation = (event: RecordedOf<(typeof accountEvents)[number]>): event is Confirmation =>
  event.type === 'AddressConfirmationRequested' || event.type === 'AddressConfirmed';

/** Who has to confirm an address has no invitation any more: it went to the one before. */
function confirmed(row: WaitlistEntryRow, { type }: Confirmation): WaitlistEntryRow {
  if (type === 'AddressConfirmed') {
    return { ...row, is_unconfirmed: false, status: row.status === 'unconfirmed' ? 'waiting' : row.status };
  }
  const isOnList = row.status === 'waiting' || row.status === 'invited' || row.status === 'accepted';
  return { ...row, is_unconfirmed: true, status: isOnList ? 'unconfirmed' : row.status };
}

/** A hold-out has no invitation any more. */
const classified = (row: WaitlistEntryRow, name: string): WaitlistEntryRow => ({
  ...row,
  class: name,
  status: name === HOLD_OUT && (row.status === 'invited' || row.status === 'accepted') ? 'waiting' : row.status,
});

function invited(row: WaitlistEntryRow, { type, data, position }: Invitation): WaitlistEntryRow {
  const isItsOwn = row.status === 'invited' && data.batchId === row.batch_id;
  switch (type) {
    case 'InvitationSent':
      return { ...row, status: row.status === 'waiting' ? 'invited' : row.status, batch_id: data.batchId };
    case 'InvitationAccepted':
      return isItsOwn ? { ...row, status: 'accepted', accepted_position: position } : row;
    case 'InvitationExpired':
      return { ...row, status: isItsOwn ? 'waiting' : row.status };
  }
}

/** Only the fields that an entry has. */
const standingOf = ({ status }: WaitlistEntryRow): AccountStanding =>
  status === 'barred' || status === 'unconfirmed' || status === 'invited' || status === 'accepted'
    ? { status: 'waiting', deactivated: status === 'barred' }
    : { status, deactivated: false };

function statusOf({ status, deactivated }: AccountStanding, before: WaitlistEntryRow): WaitlistEntryRow['status'] {
  if (status === 'unknown') return before.status;
  if (status !== 'waiting') return status;
  if (deactivated) return 'barred';
  if (before.status === 'invited' || before.status === 'accepted') return before.status;
  return before.is_unconfirmed ? 'unconfirmed' : 'waiting';
}
