import type { AccountStanding } from './account-standing.js';
import type { AccountEvent } from './events.js';

/** Nobody can write to a person who was erased, so one who waits leaves the waitlist; otherwise a no-op. */
export const leaveErased = ({ status }: AccountStanding, accountId: string): AccountEvent[] =>
  status === 'waiting' ? [{ type: 'WaitlistLeft', data: { accountId } }] : [];

/**
 * Whether the hash of the address still leads to the account, so that its person is recognized when they join again: that of an
 * onboarded account does, since a person has one account, and that of a deactivated one if a setting says so.
 */
export const keepsAddress = (
  { status, deactivated, unreadable }: AccountStanding,
  recognisesDeactivated: boolean,
): boolean => (deactivated || unreadable !== undefined ? recognisesDeactivated : status === 'onboarded');
