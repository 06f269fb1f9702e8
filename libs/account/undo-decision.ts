import { fold } from '../kernel/decider.js';
import {
  again,
  type ConfirmedReview,
  endingWithLongest,
  imposeMeasures,
  type Measures,
  reinstateAccount,
} from './account-enforcement.js';
import { type AccountStanding, accountStream, consequencesOf } from './account-standing.js';
import type { Consequences, Suspension } from './consequences.js';
import type { AccountEvent } from './events.js';

export interface Undoing {
  accountId: string;
  /** The case, or the enforcement of a decision by hand. */
  cause: string;
  /** A label. */
  reason: string;
}

/**
 * Leaves the account as it would be without one decision: lifts what that denies, with its strike, and puts a decision by
 * hand in force again that it had replaced. A no-op if nothing follows from it.
 * @param now epoch milliseconds
 * @throws Refusal account-unreadable
 */
export function undoDecision(
  state: AccountStanding,
  { accountId, cause, reason }: Undoing,
  now: number,
): AccountEvent[] {
  // First, so that readers never see the account free between the two.
  const restored = replacedBy(consequencesOf(state), cause, accountId, now);
  const between = fold(accountStream, restored, state);
  const lifted = reinstateAccount(between, { accountId, cause, reason }, now);
  return endingWithLongest(state, [...restored, ...lifted]);
}

/**
 * Puts other measures in the place of those of a confirmed case. What both deny stays denied without a gap.
 * @param now epoch milliseconds
 * @throws Refusal account-unreadable
 */
export function replaceMeasures(
  state: AccountStanding,
  review: ConfirmedReview,
  measures: Measures,
  { reason, now }: { reason: string; now: number },
): AccountEvent[] {
  const { accountId, caseId } = review;
  const isKept = measures.deactivate && consequencesOf(state).deactivations.some(({ cause }) => cause === caseId);
  if (!isKept) {
    const lifted = undoDecision(state, { accountId, cause: caseId, reason }, now);
    return [...lifted, ...imposeMeasures(fold(accountStream, lifted, state), review, measures)];
  }
  const { strikes } = consequencesOf(state);
  const rescinded: AccountEvent[] = strikes.some(({ cause }) => cause === caseId)
    ? [{ type: 'StrikeRescinded', data: { accountId, caseId, reason } }]
    : [];
  // The deactivation apart: only what else the case leads to.
  const { deactivate: _, ...others } = measures;
  return [...rescinded, ...imposeMeasures({ status: state.status, deactivated: false }, review, others)];
}

/** Those that the decision replaced, if they have not ended. */
function replacedBy(all: Consequences, cause: string, accountId: string, now: number): AccountEvent[] {
  const replacedOf = (one: Suspension): Suspension | undefined => (one.cause === cause ? one.replaced : undefined);
  const isOn = (one: Suspension | undefined): one is Suspension => one !== undefined && now < one.until;
  const suspensions = all.suspensions.map(replacedOf).filter(isOn);
  const restrictions = all.restrictions.flatMap((one) => {
    const replaced = replacedOf(one);
    return isOn(replaced) ? [{ ...replaced, action: one.action }] : [];
  });
  return [
    ...suspensions.map((one): AccountEvent => ({ type: 'AccountSuspended', data: again(accountId, one) })),
    ...restrictions.map(
      (one): AccountEvent => ({ type: 'AccountRestricted', data: { ...again(accountId, one), action: one.action } }),
    ),
  ];
}
