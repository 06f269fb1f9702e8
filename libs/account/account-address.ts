import { NotFound, Refusal } from '../kernel/errors.js';
import { type AccountStanding, joinWaitlist } from './account-standing.js';
import type { AccountEvent } from './events.js';

/** An account as the address sees it. */
export interface AddressHolder {
  standing: AccountStanding;
  /** The keyed hash of its address. */
  address?: string;
}

type DataOf<Type extends AccountEvent['type']> = Extract<AccountEvent, { type: Type }>['data'];

/** @param isHeld whether the account has the address already */
export type AddressDecision = (holder: AddressHolder, isHeld: boolean) => AccountEvent[];

/**
 * An account has one address: joining with another one is refused.
 * @param isAnonymous a caller without a credential, who may have typed the address of somebody else
 * @throws Refusal account-deactivated, account-suspended, address-differs, left-waitlist
 */
export function joinWithAddress(
  { standing, address }: AddressHolder,
  isHeld: boolean,
  data: DataOf<'WaitlistJoined'>,
  { now, isAnonymous = false }: { now: number; isAnonymous?: boolean },
): AccountEvent[] {
  const { accountId } = data;
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
  return events;
}

/** @throws NotFound account-unknown */
export function changeAddress({ standing, address }: AddressHolder, data: DataOf<'AddressChanged'>): AccountEvent[] {
  if (standing.status === 'unknown') {
    throw new NotFound('account-unknown', `account ${data.accountId} is unknown; check the id`);
  }
  if (address === data.emailHash) return [];
  return [{ type: 'AddressChanged', data: { ...data, ...(address !== undefined && { formerHash: address }) } }];
}
