import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import type { PoliciesInForce } from '../policy/index.js';
import {
  type Consequences,
  isEmpty,
  NO_CONSEQUENCES,
  withDeactivation,
  withoutCause,
  withoutStrike,
  withRestriction,
  withStrike,
  withSuspension,
} from './consequences.js';
import { type AccountEvent, accountEvents } from './events.js';

/** The state of an account that decides its access. */
export interface AccountStanding {
  status: 'unknown' | 'waiting' | 'left' | 'onboarded';
  /** For any cause. Other systems report deactivations too, so even an unknown account may be deactivated. */
  deactivated: boolean;
  /** Epoch milliseconds; suspended while the clock is before it: the latest end of all suspensions. */
  suspendedUntil?: number;
  /** What the two follow from, restrictions of single actions, and strikes. */
  consequences?: Consequences;
  /** The version of the content policy accepted last. */
  policyVersion?: string;
  /** Those accepted before it, oldest first: one is in force again if a later one is withdrawn. */
  earlierPolicies?: readonly string[];
  cohortId?: string;
  /** The position of a broken event, which may have denied everything; an operator who reinstates the account ends the doubt. */
  unreadable?: Position;
}

export type AccountStream = StreamKind<AccountStanding, AccountEvent, (typeof accountEvents)[number]>;

export const accountStream: AccountStream = {
  category: 'account',
  events: accountEvents,
  initial: { status: 'unknown', deactivated: false },
  evolve(state, { type, data }, { source }) {
    switch (type) {
      case 'WaitlistJoined':
        return { ...state, status: 'waiting' };
      case 'WaitlistLeft':
        return { ...state, status: 'left' };
      case 'WaitlistClassSet':
      case 'AddressChanged':
      case 'AddressConfirmationRequested':
      case 'AddressConfirmed':
      case 'InvitationSent':
      case 'InvitationReminded':
      case 'InvitationAccepted':
      case 'InvitationExpired':
        return state;
      case 'PolicyAccepted':
        return accepted(state, data.version);
      case 'AccountOnboarded':
        return { ...state, status: 'onboarded', cohortId: data.cohortId };
      case 'AccountSuspended':
        return withConsequences(state, (before) => withSuspension(before, data));
      case 'AccountRestricted':
        return withConsequences(state, (before) => withRestriction(before, data));
      case 'StrikeIssued':
        return withConsequences(state, (before) => withStrike(before, data));
      case 'StrikeRescinded':
        return withConsequences(state, (before) => withoutStrike(before, data.caseId));
      case 'AccountDeactivated':
      case 'DeactivationCauseAdded':
        return withConsequences(state, (before) => withDeactivation(before, data, source));
      case 'CauseLifted':
        return withConsequences(state, (before) => withoutCause(before, data.cause));
      case 'AccountReinstated': {
        const { cause } = data;
        if (cause !== undefined) return withConsequences(state, (before) => withoutCause(before, cause));
        const { unreadable: _, ...rest } = state;
        return withConsequences(rest, ({ strikes }) => ({ ...NO_CONSEQUENCES, strikes }));
      }
    }
  },
  evolveBroken: (state, { position: unreadable }) => ({ ...state, unreadable }),
};

type DataOf<Type extends AccountEvent['type']> = Extract<AccountEvent, { type: Type }>['data'];

/** Of an account whose causes are not known, as in rows of views that keep none, each denial is one by hand. */
export function consequencesOf({ consequences, deactivated, suspendedUntil }: AccountStanding): Consequences {
  if (consequences || (!deactivated && suspendedUntil === undefined)) return consequences ?? NO_CONSEQUENCES;
  const unknownCause = { cause: '', isManual: true };
  return {
    ...NO_CONSEQUENCES,
    deactivations: deactivated ? [unknownCause] : [],
    suspensions: suspendedUntil === undefined ? [] : [{ ...unknownCause, until: suspendedUntil }],
  };
}

function withConsequences(state: AccountStanding, change: (before: Consequences) => Consequences): AccountStanding {
  const { suspendedUntil: _, consequences: __, ...rest } = state;
  const after = change(consequencesOf(state));
  return {
    ...rest,
    deactivated: after.deactivations.length > 0,
    ...(after.suspensions.length > 0 && { suspendedUntil: Math.max(...after.suspensions.map(({ until }) => until)) }),
    ...(!isEmpty(after) && { consequences: after }),
  };
}

function accepted(state: AccountStanding, version: string): AccountStanding {
  const { policyVersion: last, earlierPolicies: earlier = [] } = state;
  if (last === undefined || last === version) return { ...state, policyVersion: version };
  return { ...state, policyVersion: version, earlierPolicies: [...earlier.filter((one) => one !== version), last] };
}

/** Epoch milliseconds. */
export const isSuspended = (state: AccountStanding, now: number): boolean =>
  state.suspendedUntil !== undefined && now < state.suspendedUntil;

/** The accepted version of the content policy that suffices; of several, the one accepted last. */
export const sufficientPolicy = (
  { policyVersion, earlierPolicies = [] }: AccountStanding,
  sufficient: ReadonlySet<string>,
): string | undefined =>
  policyVersion !== undefined && sufficient.has(policyVersion)
    ? policyVersion
    : earlierPolicies.findLast((one) => sufficient.has(one));

/**
 * An account that left may join again, at the end of the waitlist.
 * @throws Refusal account-deactivated, account-suspended
 */
export function joinWaitlist(state: AccountStanding, data: DataOf<'WaitlistJoined'>, now: number): AccountEvent[] {
  refuseDeactivated(state, data.accountId);
  if (isSuspended(state, now)) {
    throw new Refusal(
      'account-suspended',
      `account ${data.accountId} is suspended; join again when the suspension has ended`,
    );
  }
  if (state.status === 'waiting' || state.status === 'onboarded') return [];
  return [{ type: 'WaitlistJoined', data }];
}

/** @throws NotFound account-unknown; Refusal already-onboarded */
export function leaveWaitlist(state: AccountStanding, accountId: string): AccountEvent[] {
  if (state.status === 'left') return [];
  if (state.status === 'unknown') throw unknown(accountId);
  if (state.status === 'onboarded') {
    throw new Refusal('already-onboarded', `account ${accountId} is onboarded and no longer on the waitlist`);
  }
  return [{ type: 'WaitlistLeft', data: { accountId } }];
}

/** The published versions of the content policy, from the policy stream. */
export interface PublishedPolicies {
  versions: readonly { version: string; withdrawn: boolean }[];
  /** As of the acceptance. */
  inForce: Pick<PoliciesInForce, 'current' | 'upcoming' | 'unreadable'>;
}

/**
 * The version in force can be accepted, or one that comes into force later.
 * @throws NotFound account-unknown, policy-unknown
 * @throws Refusal account-deactivated, policy-withdrawn, policy-unreadable, policy-outdated
 */
export function acceptPolicy(
  state: AccountStanding,
  { accountId, version }: DataOf<'PolicyAccepted'>,
  published: PublishedPolicies,
): AccountEvent[] {
  refuseDeactivated(state, accountId);
  if (state.status === 'unknown') throw unknown(accountId);
  refuseUnacceptable(version, published);
  if (version === state.policyVersion || state.earlierPolicies?.includes(version)) return [];
  return [{ type: 'PolicyAccepted', data: { accountId, version } }];
}

/** Depends on no account. @throws NotFound policy-unknown; Refusal policy-withdrawn, policy-unreadable, policy-outdated */
export function refuseUnacceptable(
  version: string,
  { versions, inForce: { current, upcoming, unreadable } }: PublishedPolicies,
): void {
  const acceptable = current ?? [...upcoming][0];
  const instead = acceptable === undefined ? 'an operator has to publish a version first' : `accept ${acceptable}`;
  const published = versions.find((one) => one.version === version);
  if (!published) {
    throw new NotFound('policy-unknown', `content policy ${version} was never published; ${instead}`);
  }
  if (published.withdrawn) {
    throw new Refusal('policy-withdrawn', `content policy ${version} was withdrawn; ${instead}`, { current });
  }
  if (unreadable !== undefined && !upcoming.has(version)) {
    throw new Refusal(
      'policy-unreadable',
      `the event of the content policy at position ${unreadable} can't be read, so no version counts: an operator has to publish a new one`,
    );
  }
  if (version !== current && !upcoming.has(version)) {
    throw new Refusal('policy-outdated', `content policy ${version} is outdated; ${instead}`, { current });
  }
}

/** @throws Refusal account-deactivated, not-waiting */
export function onboardAccount(state: AccountStanding, data: DataOf<'AccountOnboarded'>): AccountEvent[] {
  if (state.status === 'onboarded') return [];
  refuseDeactivated(state, data.accountId);
  if (state.status !== 'waiting') {
    throw new Refusal(
      'not-waiting',
      `account ${data.accountId} is not on the waitlist (${state.status}); let it join first`,
    );
  }
  return [{ type: 'AccountOnboarded', data }];
}

export function refuseDeactivated(state: AccountStanding, accountId: string): void {
  if (state.deactivated)
    throw new Refusal('account-deactivated', `account ${accountId} is deactivated; reinstate it first`);
}

export const unknown = (accountId: string) =>
  new NotFound('account-unknown', `account ${accountId} is unknown; check the id, or let it join the waitlist`);
