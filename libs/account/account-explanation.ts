import type { RecordedOf } from '../events/event-definition.js';
import { toIso } from '../kernel/clock.js';
import type { Actor, Recorded } from '../kernel/envelope.js';
import type { PoliciesInForce } from '../policy/index.js';
import { type AccountStanding, isSuspended, sufficientPolicy } from './account-standing.js';
import { causeOf, type Restriction, restrictionsInForce } from './consequences.js';
import {
  type AccountDeactivated,
  type AccountEvent,
  type AccountRestricted,
  type AccountSuspended,
  type DeactivationCauseAdded,
} from './events.js';

/** Why an account has no access, or has it: the reason as access decisions name it, and the event behind it. */
export interface Explanation {
  reason: string;
  /** One sentence. */
  text: string;
  position?: string;
  time?: string;
  actor?: Actor;
  caseId?: string;
  imageId?: string;
  /** Who decided the case. */
  reviewers?: string[];
}

/** Who confirmed a case, and the clause of the content policy that the image violates. */
export interface Confirmed {
  reviewers: readonly string[];
  clause?: string | undefined;
}

/** What is known from outside the account's own stream. */
export interface ExplainedBy {
  /** Epoch milliseconds. */
  now: number;
  policies: Pick<PoliciesInForce, 'current' | 'sufficient' | 'unreadable'>;
  /** When its acceptances stop to suffice, in epoch milliseconds, and the version that it has to accept by then. */
  acceptanceEnd?: { at: number; current?: string } | undefined;
  /** Whether a confirmed review is still to deactivate the account. */
  isDeactivationPending?: boolean;
  /** By case: how it was confirmed, for the deactivations of `deactivationsInForce`. */
  confirmations?: ReadonlyMap<string, Confirmed> | undefined;
}

export type Deactivating = RecordedOf<typeof AccountDeactivated | typeof DeactivationCauseAdded>;

/** Of an account with more causes, the newest are shown. */
const MAX_CAUSES_SHOWN = 10;

/** The events of the deactivations that nobody has lifted, first to last. */
export function deactivationsInForce(
  { deactivated, consequences }: AccountStanding,
  events: readonly Recorded<AccountEvent>[],
): Deactivating[] {
  if (!deactivated) return [];
  const causes = new Set(consequences?.deactivations.map(({ cause }) => cause));
  const reinstated = events.findLastIndex(({ type }) => type === 'AccountReinstated');
  return events
    .slice(reinstated + 1)
    .filter((one): one is Deactivating => isDeactivating(one) && causes.has(causeOf(one.data).cause))
    .slice(-MAX_CAUSES_SHOWN);
}

const isDeactivating = (event: Recorded<AccountEvent>): event is Deactivating =>
  event.type === 'AccountDeactivated' || event.type === 'DeactivationCauseAdded';

/** Every reason that denies the account access, in the order in which access decisions check them; else why it has access. */
export function explain(
  accountId: string,
  state: AccountStanding,
  events: readonly Recorded<AccountEvent>[],
  { now, policies, confirmations, isDeactivationPending, acceptanceEnd }: ExplainedBy,
): Explanation[] {
  const last = (type: AccountEvent['type']) => events.findLast((event) => event.type === type);
  const reasons: Explanation[] = [];
  const deactivations = deactivationsInForce(state, events);
  for (const one of deactivations)
    reasons.push(deactivation(accountId, one, confirmations?.get(one.data.caseId ?? '')));
  if (deactivations.length === 0 && isDeactivationPending) {
    const text = `${accountId} is denied everything because a review of an image of it was confirmed; its deactivation follows`;
    reasons.push({ reason: 'account-deactivated', text });
  }
  if (state.unreadable !== undefined) {
    const text = `the event of ${accountId} at position ${state.unreadable} can't be read and may have denied it everything; check it, then reinstate the account`;
    reasons.push({ reason: 'account-unreadable', text, position: String(state.unreadable) });
  }
  const suspended = isSuspended(state, now)
    ? events.findLast(
        (event): event is RecordedOf<typeof AccountSuspended> =>
          event.type === 'AccountSuspended' && Date.parse(event.data.until) === state.suspendedUntil,
      )
    : undefined;
  if (suspended) {
    const { until, reason } = suspended.data;
    const text = `${accountId} is suspended until ${until} for ${reason}, ${byWhom(suspended)}`;
    reasons.push({ reason: 'account-suspended', text, ...placeOf(suspended) });
  }
  for (const restriction of restrictionsInForce(state.consequences, now)) {
    const event = restrictionEvent(events, restriction);
    if (event) reasons.push(restrictionText(accountId, event));
  }
  if (state.status !== 'onboarded') {
    reasons.push(
      notOnboarded(accountId, state.status, last(state.status === 'left' ? 'WaitlistLeft' : 'WaitlistJoined')),
    );
  }
  const accepted = sufficientPolicy(state, policies.sufficient);
  if (state.status === 'onboarded' && policies.unreadable !== undefined) {
    const text = `the event of the content policy at position ${policies.unreadable} can't be read, so no acceptance suffices until a new version is in force`;
    reasons.push({ reason: 'policy-unreadable', text, position: String(policies.unreadable) });
  } else if (state.status === 'onboarded' && state.policyVersion === undefined) {
    const text = `${accountId} has not accepted the content policy ${policies.current ?? '(none is in force)'}`;
    reasons.push({ reason: 'policy-not-accepted', text });
  } else if (state.status === 'onboarded' && accepted === undefined) {
    const text = `${accountId} accepted the content policy ${state.policyVersion}, but ${policies.current ?? 'none'} is in force`;
    reasons.push({ reason: 'policy-outdated', text, ...placeOf(last('PolicyAccepted')) });
  }
  if (reasons.length > 0) return reasons;
  const onboarded = last('AccountOnboarded');
  const text = `${accountId} has access: it was onboarded with cohort ${state.cohortId} and accepted the content policy ${accepted}${endOf(acceptanceEnd)}`;
  return [{ reason: 'allowed', text, ...placeOf(onboarded) }];
}

const endOf = (end: ExplainedBy['acceptanceEnd']): string =>
  end === undefined ? '' : `; that ends at ${toIso(end.at)} unless it accepts ${end.current ?? 'the next one'}`;

function deactivation(accountId: string, event: Deactivating, confirmed?: Confirmed): Explanation {
  const { reason, caseId, imageId, categories } = event.data;
  const { reviewers = [], clause } = confirmed ?? {};
  // The categories are those that flags named, which the verdict need not share.
  const what = clause === undefined ? categories.join(', ') : `clause ${clause}`;
  const found = what === '' ? '' : ` (${what})`;
  const about = imageId === undefined ? '' : ` of image ${imageId}`;
  const why = caseId === undefined ? `for ${reason}` : `because case ${caseId}${about} was confirmed`;
  const people = reviewers.length > 0 ? `, as decided by ${reviewers.join(', ')}` : '';
  return {
    reason: 'account-deactivated',
    text: `${accountId} is deactivated ${why}${found}${people}, ${byWhom(event)}`,
    ...placeOf(event),
    ...(caseId === undefined ? {} : { caseId }),
    ...(imageId === undefined ? {} : { imageId }),
    ...(reviewers.length > 0 ? { reviewers: [...reviewers] } : {}),
  };
}

const restrictionEvent = (events: readonly Recorded<AccountEvent>[], { action, cause, until }: Restriction) =>
  events.findLast(
    (event): event is RecordedOf<typeof AccountRestricted> =>
      event.type === 'AccountRestricted' &&
      event.data.action === action &&
      causeOf(event.data).cause === cause &&
      Date.parse(event.data.until) === until,
  );

function restrictionText(accountId: string, event: RecordedOf<typeof AccountRestricted>): Explanation {
  const { action, until, reason, caseId } = event.data;
  const text = `${accountId} may not ${action} until ${until} for ${reason}, ${byWhom(event)}`;
  return { reason: `${action}-restricted`, text, ...placeOf(event), ...(caseId !== undefined && { caseId }) };
}

function notOnboarded(
  accountId: string,
  status: AccountStanding['status'],
  event: Recorded<AccountEvent> | undefined,
): Explanation {
  if (status === 'unknown' || !event) {
    return { reason: 'account-unknown', text: `${accountId} never joined the waitlist` };
  }
  const what = status === 'left' ? 'left the waitlist' : 'is on the waitlist and not onboarded yet';
  return { reason: 'not-onboarded', text: `${accountId} ${what}, since ${event.metadata.time}`, ...placeOf(event) };
}

const byWhom = ({ metadata: { actor, time } }: Recorded<AccountEvent>): string =>
  `by ${actor.kind} ${actor.id} at ${time}`;

const placeOf = (event: Recorded<AccountEvent> | undefined): Pick<Explanation, 'position' | 'time' | 'actor'> =>
  event ? { position: String(event.position), time: event.metadata.time, actor: event.metadata.actor } : {};
