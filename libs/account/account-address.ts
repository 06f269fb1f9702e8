import { toIso } from '../kernel/clock.js';
import type { Position } from '../kernel/envelope.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import type { Suspension } from '../switches/index.js';
import {
  type AccountStanding,
  acceptPolicy,
  joinWaitlist,
  type PublishedPolicies,
  refuseUnacceptable,
} from './account-standing.js';
import {
  type AddressConfirmation,
  type ConfirmationOffer,
  confirmationOnChange,
  confirmationOnJoining,
  NEVER_ASKED,
} from './address-confirmation.js';
import type { AccountEvent } from './events.js';

/** An account as the address sees it. */
export interface AddressHolder {
  standing: AccountStanding;
  confirmation?: AddressConfirmation;
  /** The keyed hash of its address. */
  address?: string;
  /** The position of the account's last change; 0 for none. */
  changedAt: Position;
}

type DataOf<Type extends AccountEvent['type']> = Extract<AccountEvent, { type: Type }>['data'];

/** @param isHeld whether the account has the address already */
export type AddressDecision = (holder: AddressHolder, isHeld: boolean) => AccountEvent[];

export interface JoiningFacts {
  /** Epoch milliseconds. */
  now: number;
  /** A caller without a credential, who may have typed the address of somebody else. */
  isAnonymous?: boolean;
  /** In force for joining. */
  suspension?: Suspension | undefined;
  /** With a version of the content policy that the person agrees to. */
  published?: PublishedPolicies | undefined;
  /** An operator says that the address is confirmed already. */
  isGivenAsConfirmed?: boolean;
  /** Absent where addresses need not be confirmed. */
  offer?: ConfirmationOffer | undefined;
}

/**
 * An account has one address: joining with another one is refused. Who is on the waitlist already agrees to nothing by joining
 * again: it may be somebody else who typed the address.
 * @throws NotFound policy-unknown; Refusal policy-withdrawn, policy-unreadable, policy-outdated, whatever the account is
 * @throws Refusal account-deactivated, account-suspended, address-differs, left-waitlist, join-suspended
 */
export function joinWithAddress(
  { standing, address, confirmation = NEVER_ASKED }: AddressHolder,
  isHeld: boolean,
  data: DataOf<'WaitlistJoined'>,
  { now, isAnonymous = false, suspension, published, isGivenAsConfirmed = false, offer }: JoiningFacts,
): AccountEvent[] {
  const { accountId, policyVersion: version } = data;
  refuseWhoeverJoins(version, { isAnonymous, suspension, published });
  const events = joinWaitlist(standing, data, now);
  if (address !== undefined && !isHeld) {
    throw new Refusal(
      'address-differs',
      `account ${accountId} has another address; change it with PUT /v1/accounts/${accountId}/address`,
    );
  }
  if (isAnonymous && standing.status === 'left') {
    throw new Refusal(
      'left-waitlist',
      `account ${accountId} has left the waitlist; only a service or an operator may put it back`,
    );
  }
  if (events.length > 0 && suspension) throw joinSuspended(suspension);
  const isNew = events.length > 0;
  const joining = { accountId, isNew, isAnonymous, isGivenAsConfirmed, offer, now };
  const confirming = confirmationOnJoining({ standing, confirmation }, joining);
  if (!isNew || version === undefined || !published) return [...events, ...confirming];
  const accepted = acceptPolicy({ ...standing, status: 'waiting' }, { accountId, version }, published);
  return [...events, ...confirming, ...accepted];
}

/**
 * What depends on no account, and so must take no longer for one address than for another.
 * @throws NotFound policy-unknown; Refusal policy-withdrawn, policy-unreadable, policy-outdated
 * @throws Refusal join-suspended for a caller without a credential
 */
export function refuseWhoeverJoins(
  version: string | undefined,
  { isAnonymous = false, suspension, published }: Pick<JoiningFacts, 'isAnonymous' | 'suspension' | 'published'>,
): void {
  if (isAnonymous && suspension) throw joinSuspended(suspension);
  if (version !== undefined && published) refuseUnacceptable(version, published);
}

/** Without the operator's reason, which is for operators. */
function joinSuspended({ until, unreadable, phase }: Suspension): Refusal {
  if (unreadable !== undefined) {
    const text =
      "joining is suspended until an operator resumes it, because what suspends it can't be read: join again later";
    return new Refusal('join-suspended', text);
  }
  if (phase !== undefined) {
    const text = 'joining is suspended in the present phase of the rollout: join again once that has ended';
    return new Refusal('join-suspended', text);
  }
  if (until === undefined)
    return new Refusal('join-suspended', 'joining is suspended until an operator resumes it: join again later');
  const end = toIso(until);
  return new Refusal('join-suspended', `joining is suspended until ${end}: join again after that`, { until: end });
}

/**
 * Somebody who waits has to confirm the new one too.
 * @param now epoch milliseconds
 * @throws NotFound account-unknown; Refusal confirmation-too-soon
 */
export function changeAddress(
  { standing, address, confirmation = NEVER_ASKED }: AddressHolder,
  data: DataOf<'AddressChanged'>,
  offer?: ConfirmationOffer,
  now = 0,
): AccountEvent[] {
  if (standing.status === 'unknown') {
    throw new NotFound('account-unknown', `account ${data.accountId} is unknown; check the id`);
  }
  if (address === data.emailHash) return [];
  return [
    { type: 'AddressChanged', data: { ...data, ...(address !== undefined && { formerHash: address }) } },
    ...confirmationOnChange({ standing, confirmation }, data.accountId, offer, now),
  ];
}
