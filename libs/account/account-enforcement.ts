import { toIso } from '../kernel/clock.js';
import { OWN_SOURCE } from '../kernel/command-context.js';
import { fold } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import {
  type AccountStanding,
  accountStream,
  consequencesOf,
  isSuspended,
  refuseDeactivated,
  unknown,
} from './account-standing.js';
import {
  type Cause,
  causeFields,
  deactivationBy,
  isCause,
  isReplaced,
  type Restriction,
  STILL_IN_FORCE,
} from './consequences.js';
import type { AccountEvent } from './events.js';

/* What denies an account something, and what lifts it: each consequence belongs to its cause. */

type DataOf<Type extends AccountEvent['type']> = Extract<AccountEvent, { type: Type }>['data'];

function refuseOver(until: string, now: number, what: string): void {
  if (Date.parse(until) > now) return;
  throw new Refusal('suspension-over', `a ${what} until ${until} would be over already; give a later time`);
}

/**
 * Suspends by hand, or changes the end of a suspension by hand.
 * @throws NotFound account-unknown; Refusal account-deactivated, suspension-over
 */
export function suspendAccount(state: AccountStanding, data: DataOf<'AccountSuspended'>, now: number): AccountEvent[] {
  refuseDeactivated(state, data.accountId);
  if (state.status === 'unknown') throw unknown(data.accountId);
  const until = Date.parse(data.until);
  if (consequencesOf(state).suspensions.some((one) => one.isManual && one.until === until)) return [];
  refuseOver(data.until, now, 'suspension');
  return endingWithLongest(state, [{ type: 'AccountSuspended', data }]);
}

/** The last event of suspensions gives the time that readers go by, so a longer one is said again after a shorter. */
export function endingWithLongest(state: AccountStanding, events: AccountEvent[]): AccountEvent[] {
  const said = events.findLast((event) => event.type === 'AccountSuspended');
  if (!said) return events;
  const after = fold(accountStream, events, state);
  if (Date.parse(said.data.until) >= after.suspendedUntil!) return events;
  return [...events, ...suspensionsAgain(said.data.accountId, after, 0).slice(-1)];
}

/**
 * Restricts one action by hand, or changes the end of such a restriction.
 * @throws NotFound account-unknown; Refusal account-deactivated, suspension-over
 */
export function restrictAccount(
  state: AccountStanding,
  data: DataOf<'AccountRestricted'>,
  now: number,
): AccountEvent[] {
  refuseDeactivated(state, data.accountId);
  if (state.status === 'unknown') throw unknown(data.accountId);
  const until = Date.parse(data.until);
  const isSame = consequencesOf(state).restrictions.some(
    (one) => one.isManual && one.action === data.action && one.until === until,
  );
  if (isSame) return [];
  refuseOver(data.until, now, 'restriction');
  return [{ type: 'AccountRestricted', data }];
}

/**
 * Deactivates any account, even an unknown one: its deactivation may be reported before the account is. A no-op while
 * an earlier deactivation of the same source is in force: ours, which is by hand, or another system's.
 * @param source CloudEvents source of the decision
 */
export function deactivateAccount(
  state: AccountStanding,
  data: DataOf<'AccountDeactivated'>,
  source: string = OWN_SOURCE,
): AccountEvent[] {
  return deactivationBy(consequencesOf(state), source) ? [] : [deactivation(state, data)];
}

/** A deactivated account is not deactivated again: the published event says that it lost its access. */
const deactivation = (state: AccountStanding, data: DataOf<'AccountDeactivated'>): AccountEvent => ({
  type: state.deactivated ? 'DeactivationCauseAdded' : 'AccountDeactivated',
  data,
});

/** What a confirmed review leads to. Times in epoch milliseconds. */
export interface Measures {
  deactivate?: true;
  suspend?: { until: number };
  restrict?: Pick<Restriction, 'action' | 'until'>;
  /** Without an end it counts forever. */
  strike?: { until?: number };
}

export interface ConfirmedReview {
  accountId: string;
  caseId: string;
  imageId: string;
  categories: string[];
  clause?: string | undefined;
}

/** A no-op if the case has led to anything that is in force. What denies comes first: no reader sees a strike alone. */
export function imposeMeasures(
  state: AccountStanding,
  { accountId, caseId, imageId, categories, clause }: ConfirmedReview,
  { deactivate, suspend, restrict, strike }: Measures,
): AccountEvent[] {
  if (isCause(consequencesOf(state), caseId)) return [];
  const common = { accountId, reason: 'review-confirmed', caseId };
  const events: AccountEvent[] = [];
  if (deactivate) events.push(deactivation(state, { ...common, imageId, categories }));
  if (suspend) events.push({ type: 'AccountSuspended', data: { ...common, until: toIso(suspend.until) } });
  if (restrict) {
    const { action, until } = restrict;
    events.push({ type: 'AccountRestricted', data: { ...common, action, until: toIso(until) } });
  }
  if (strike) {
    const until = strike.until === undefined ? {} : { until: toIso(strike.until) };
    events.push({
      type: 'StrikeIssued',
      data: { accountId, caseId, ...(clause !== undefined && { clause }), ...until },
    });
  }
  return endingWithLongest(state, events);
}

export interface Reinstatement {
  accountId: string;
  reason: string;
  /** The case or the enforcement whose consequences are lifted; all that deny by default. */
  cause?: string | undefined;
}

/**
 * Lifts what one cause has led to, with its strike, or everything that denies, which also ends the doubt about a broken
 * event; strikes remain then. A no-op if nothing of it is in force.
 * @param now epoch milliseconds
 * @throws Refusal account-unreadable for one cause of an account with a broken event
 */
export function reinstateAccount(state: AccountStanding, given: Reinstatement, now: number): AccountEvent[] {
  const { accountId, reason, cause } = given;
  const { deactivations, suspensions, restrictions, strikes } = consequencesOf(state);
  const denials = [...deactivations, ...suspensions, ...restrictions];
  if (cause === undefined) {
    const isNeeded = denials.length > 0 || state.unreadable !== undefined;
    return isNeeded ? [{ type: 'AccountReinstated', data: { accountId, reason } }] : [];
  }
  if (state.unreadable !== undefined) {
    throw new Refusal(
      'account-unreadable',
      `the event of ${accountId} at position ${state.unreadable} can't be read and may have denied it everything; check it, then reinstate the account without naming a cause`,
    );
  }
  const events: AccountEvent[] = [];
  if (strikes.some((one) => one.cause === cause))
    events.push({ type: 'StrikeRescinded', data: { accountId, caseId: cause, reason } });
  const isDenying = denials.some((one) => one.cause === cause);
  // A replaced one denies nothing now, but would again if an appeal undoes the one that replaced it.
  if (!isDenying && !isReplaced(consequencesOf(state), cause)) return events;
  events.push({ type: 'CauseLifted', data: { accountId, cause, reason } });
  const after = fold(accountStream, events, state);
  const isBack = state.deactivated ? !after.deactivated : isSuspended(state, now) && !isSuspended(after, now);
  // Readers that know no causes take this event to lift everything: the rest is said again.
  if (isBack) {
    const again = [...suspensionsAgain(accountId, after, now), ...restrictionsAgain(accountId, after, now)];
    return [...events, { type: 'AccountReinstated', data: { accountId, reason, cause } }, ...again];
  }
  const isShorter = !after.deactivated && after.suspendedUntil !== state.suspendedUntil;
  return isShorter ? [...events, ...suspensionsAgain(accountId, after, now).slice(-1)] : events;
}

export const again = (accountId: string, one: Cause & { until: number }) => ({
  accountId,
  until: toIso(one.until),
  reason: STILL_IN_FORCE,
  ...causeFields(one),
});

/** Those in force, the longest last. */
const suspensionsAgain = (accountId: string, state: AccountStanding, now: number): AccountEvent[] =>
  [...consequencesOf(state).suspensions]
    .filter(({ until }) => now < until)
    .sort((one, other) => one.until - other.until)
    .map((one) => ({ type: 'AccountSuspended', data: again(accountId, one) }));

const restrictionsAgain = (accountId: string, state: AccountStanding, now: number): AccountEvent[] =>
  consequencesOf(state)
    .restrictions.filter(({ until }) => now < until)
    .map((one) => ({ type: 'AccountRestricted', data: { ...again(accountId, one), action: one.action } }));
