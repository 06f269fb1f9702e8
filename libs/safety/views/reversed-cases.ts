import {
  AccountDeactivated,
  AccountReinstated,
  AccountRestricted,
  type AccountStanding,
  AccountSuspended,
  accountStream,
  CauseLifted,
  consequencesOf,
  DeactivationCauseAdded,
  StrikeIssued,
  StrikeRescinded,
} from '../../account/index.js';
import { placeOf } from '../../kernel/decider.js';
import { defineView, int8, jsonb, type RowOf, text } from '../../projections/view.js';

const columns = {
  account_id: text(),
  /** As far as it follows from the events of this view: what denies the account something, or counts against it, and why. */
  standing: jsonb<AccountStanding>(),
  /** The confirmed cases all of whose consequences were lifted, sorted. */
  reversed: jsonb<string[]>(),
  position: int8(),
};

export type ReversedCasesRow = RowOf<typeof columns>;

/** Only accounts that a decision concerns have a row. */
const EVENTS = [
  AccountSuspended,
  AccountRestricted,
  StrikeIssued,
  StrikeRescinded,
  AccountDeactivated,
  DeactivationCauseAdded,
  CauseLifted,
  AccountReinstated,
];

export const reversedCasesView = defineView({
  name: 'reversed-cases',
  version: 1,
  summary: 'The confirmed cases of an account of which nothing is in force any more, because somebody lifted it.',
  events: EVENTS,
  table: {
    name: 'reversed_cases',
    key: 'account_id',
    columns,
    indexes: [`(account_id) WHERE reversed <> '[]'::jsonb`],
  },
  keys: ({ data }) => [data.accountId],
  evolve(row: ReversedCasesRow | undefined, event, account_id) {
    if (row && event.position <= row.position) return row;
    const { standing: before, reversed } = row ?? { standing: accountStream.initial, reversed: [] };
    const at = Date.parse(event.metadata.time);
    const standing = accountStream.evolve(before, event, placeOf(event));
    const after = casesOf(standing, at);
    const lifted = casesOf(before, at).filter((one) => !after.includes(one));
    const all = new Set([...reversed, ...lifted].filter((one) => !after.includes(one)));
    return { account_id, standing, reversed: [...all].sort(), position: event.position };
  },
});

/** The cases because of which something is in force. What has ended by the clock can't be lifted. */
function casesOf(standing: AccountStanding, at: number): string[] {
  const { deactivations, suspensions, restrictions, strikes } = consequencesOf(standing);
  const lasting = [...suspensions, ...restrictions].filter(({ until }) => at < until);
  const denials = [...deactivations, ...lasting].filter(({ isManual }) => !isManual);
  const counting = strikes.filter(({ until }) => until === undefined || at < until);
  return [...denials, ...counting].map(({ cause }) => cause);
}
