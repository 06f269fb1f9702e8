import type { EventOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import { causeOf, type Strike } from './consequences.js';
import {
  AccountDeactivated,
  AccountReinstated,
  AccountRestricted,
  AccountSuspended,
  CauseLifted,
  DeactivationCauseAdded,
  StrikeIssued,
  StrikeRescinded,
} from './events.js';

const EVENTS = [
  AccountSuspended,
  AccountRestricted,
  AccountDeactivated,
  DeactivationCauseAdded,
  StrikeIssued,
  StrikeRescinded,
  CauseLifted,
  AccountReinstated,
] as const;

export type MeasureKind = 'suspension' | 'restriction' | 'deactivation';

/** Something that was imposed on an account, which may have ended since. */
export interface Measure {
  kind: MeasureKind;
  cause: string;
  isManual: boolean;
  /** Of a restriction. */
  action?: string;
  /** Epoch milliseconds; absent for a deactivation. */
  until?: number;
}

/** What an account was subjected to and nobody undid, also what has ended since. */
export interface AccountHistory {
  strikes: readonly Strike[];
  measures: readonly Measure[];
}

/** The account's own stream, folded to its past; `accountStream` folds it to what is in force. */
export const accountHistoryStream: StreamKind<AccountHistory, EventOf<(typeof EVENTS)[number]>> = {
  category: 'account',
  events: EVENTS,
  initial: { strikes: [], measures: [] },
  evolve(state, { type, data }, { time }) {
    switch (type) {
      case 'AccountSuspended':
        return imposed(state, { ...causeOf(data), kind: 'suspension', until: Date.parse(data.until) }, time);
      case 'AccountRestricted': {
        const { action, until } = data;
        return imposed(state, { ...causeOf(data), kind: 'restriction', action, until: Date.parse(until) }, time);
      }
      case 'AccountDeactivated':
      case 'DeactivationCauseAdded':
        return imposed(state, { ...causeOf(data), kind: 'deactivation' }, time);
      case 'StrikeIssued': {
        const strike = { cause: data.caseId, ...(data.until !== undefined && { until: Date.parse(data.until) }) };
        return { ...state, strikes: [...withoutStrike(state, data.caseId), strike] };
      }
      case 'StrikeRescinded':
        return { ...state, strikes: withoutStrike(state, data.caseId) };
      case 'CauseLifted':
        return withoutCause(state, data.cause);
      case 'AccountReinstated':
        // Without a cause it ends what was in force, and says of none that it was wrong.
        return data.cause === undefined ? ended(state, Date.parse(time)) : withoutCause(state, data.cause);
    }
  },
};

/** @param now epoch milliseconds */
export const strikesInForce = ({ strikes }: AccountHistory, now: number): number =>
  strikes.filter(({ until }) => until === undefined || now < until).length;

const withoutStrike = ({ strikes }: AccountHistory, caseId: string): Strike[] =>
  strikes.filter(({ cause }) => cause !== caseId);

const withoutCause = (state: AccountHistory, lifted: string): AccountHistory => ({
  ...state,
  measures: state.measures.filter(({ cause }) => cause !== lifted),
});

/** What somebody decides after that is a measure of its own. */
const ended = (state: AccountHistory, at: number): AccountHistory => ({
  ...state,
  measures: state.measures.map((one) => (one.until === undefined ? one : { ...one, until: Math.min(one.until, at) })),
});

/** A repeated measure counts once. A decision by hand that changes the end of another replaces it. */
function imposed(state: AccountHistory, measure: Measure, time: string): AccountHistory {
  const isChanged = (one: Measure) =>
    one.isManual && measure.isManual && one.until !== undefined && one.until > Date.parse(time);
  const others = state.measures.filter(
    (one) =>
      one.kind !== measure.kind || one.action !== measure.action || (one.cause !== measure.cause && !isChanged(one)),
  );
  return { ...state, measures: [...others, measure] };
}
