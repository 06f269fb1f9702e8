import { toIso } from '../kernel/clock.js';
import { counted } from '../kernel/counted.js';
import { Refusal } from '../kernel/errors.js';
import { hashOf } from '../kernel/ids.js';
import { type AccountStanding, refuseDeactivated, unknown } from './account-standing.js';
import type { AccountEvent } from './events.js';

/** What is known of whether the address of an account is its holder's. */
export interface AddressConfirmation {
  /** Of the present address. */
  isConfirmed: boolean;
  /** Whether it has to be confirmed first. Who joined before addresses had to be confirmed was never asked. */
  isPending: boolean;
  /** Whose link is valid, until the time in epoch milliseconds. */
  request?: { requestId: string; tokenHash: string; until: number };
  /** For the present address. */
  requests: number;
  /** Of the last of them, in epoch milliseconds. */
  requestedAt: number;
  /** For any address that the account had. */
  allRequests: number;
  /** Of the last of those, in epoch milliseconds. */
  lastAt: number;
}

export const NEVER_ASKED: AddressConfirmation = {
  ...{ isConfirmed: false, isPending: false, requests: 0, requestedAt: 0 },
  ...{ allRequests: 0, lastAt: 0 },
};

/** Who leaves and rejoins with the same address does not have to confirm it twice. */
export function confirmationAfter(state: AddressConfirmation, { type, data }: AccountEvent): AddressConfirmation {
  const { allRequests, lastAt } = state;
  switch (type) {
    case 'AddressConfirmationRequested': {
      const at = Date.parse(data.at);
      return {
        ...{ isConfirmed: false, isPending: true, requests: state.requests + 1, requestedAt: at },
        ...{ allRequests: allRequests + 1, lastAt: at },
        request: { requestId: data.requestId, tokenHash: data.tokenHash, until: Date.parse(data.until) },
      };
    }
    case 'AddressConfirmed':
      return { ...NEVER_ASKED, isConfirmed: true, allRequests, lastAt };
    case 'AddressChanged':
      return { ...NEVER_ASKED, isPending: state.isPending, allRequests, lastAt };
    case 'WaitlistLeft':
    case 'AccountOnboarded': {
      const { request: _, ...rest } = state;
      return rest;
    }
    default:
      return state;
  }
}

/** Of the token in the link. */
export const confirmationHashOf = (token: string): string =>
  Buffer.from(hashOf('address-confirmation', token), 'base64url').toString('hex');

/** A request that may be made; absent where addresses need not be confirmed. */
export interface ConfirmationOffer {
  requestId: string;
  tokenHash: string;
  /** How long the link is valid. */
  validMs: number;
}

interface Confirming {
  standing: AccountStanding;
  confirmation: AddressConfirmation;
}

const FIRST_WAIT_MS = 5 * 60_000;
const LONGEST_WAIT_MS = 24 * 3_600_000;
/** Callers without a credential may type the address of somebody else, who is written to no more often than this. */
const MOST_ANONYMOUS_REQUESTS = 5;

/** A person may mistype an address. Beyond so many links an account is a way to write to the addresses of others. */
const MOST_FOR_CHANGES = 5;

const waitAfter = (requests: number): number => Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (requests - 1));

/** Doubles with each request, up to a day. Epoch milliseconds. */
export const nextRequestAt = ({ requests, requestedAt }: AddressConfirmation): number =>
  requests === 0 ? 0 : requestedAt + waitAfter(requests);

/** When the account may have another address that a link goes to. Epoch milliseconds. */
const nextChangeAt = ({ allRequests, lastAt }: AddressConfirmation): number =>
  allRequests < MOST_FOR_CHANGES ? 0 : lastAt + waitAfter(allRequests - MOST_FOR_CHANGES + 1);

const requested = (
  accountId: string,
  { requestId, tokenHash, validMs }: ConfirmationOffer,
  now: number,
  reason?: string,
): AccountEvent => ({
  type: 'AddressConfirmationRequested',
  data: {
    ...{ accountId, requestId, tokenHash, at: toIso(now), until: toIso(now + validMs) },
    ...(reason !== undefined && { reason }),
  },
});

/** @throws Refusal confirmation-reserved */
export function refuseGivenAsConfirmed(given: boolean | undefined, isOperator: boolean): void {
  if (!given || isOperator) return;
  throw new Refusal('confirmation-reserved', 'only an operator may say that an address is confirmed: leave it out');
}

const GIVEN_AS_CONFIRMED = 'given as confirmed when joining';

export interface Joining {
  accountId: string;
  /** It does not wait already. */
  isNew: boolean;
  isAnonymous: boolean;
  /** An operator says that the address is confirmed already. */
  isGivenAsConfirmed: boolean;
  offer: ConfirmationOffer | undefined;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * Joining again without a credential is how a person gets another link; the answer never reveals whether one was sent. Who leaves
 * and rejoins gets none sooner than who stays.
 */
export function confirmationOnJoining(
  { standing, confirmation }: Confirming,
  { accountId, isNew, isAnonymous, isGivenAsConfirmed, offer, now }: Joining,
): AccountEvent[] {
  if (confirmation.isConfirmed || (!isNew && standing.status !== 'waiting')) return [];
  if (isGivenAsConfirmed) return [{ type: 'AddressConfirmed', data: { accountId, reason: GIVEN_AS_CONFIRMED } }];
  if (!offer) return [];
  // Who was asked has to confirm also without another link.
  if (now < nextRequestAt(confirmation)) return [];
  const isAgain = isAnonymous && confirmation.isPending && confirmation.requests < MOST_ANONYMOUS_REQUESTS;
  return isNew || isAgain ? [requested(accountId, offer, now)] : [];
}

/** Asks again if somebody who waits has another address. @throws Refusal confirmation-too-soon */
export function confirmationOnChange(
  { standing, confirmation }: Confirming,
  accountId: string,
  offer: ConfirmationOffer | undefined,
  now: number,
): AccountEvent[] {
  if (standing.status !== 'waiting' || !offer) return [];
  const retryAt = nextChangeAt(confirmation);
  if (now < retryAt)
    throw tooSoon(accountId, retryAt, `${counted(confirmation.allRequests, 'link')} for its addresses`);
  return [requested(accountId, offer, now)];
}

export const confirmationOff = () =>
  new Refusal(
    'confirmation-off',
    'addresses need not be confirmed here, so nobody gets a link: set GATEHOUSE_WAITLIST_CONFIRM_URL, or confirm it by hand',
  );

const tooSoon = (accountId: string, retryAt: number, had: string) =>
  new Refusal(
    'confirmation-too-soon',
    `account ${accountId} has had ${had}: send the next one after ${toIso(retryAt)}`,
    {
      retryAt: toIso(retryAt),
    },
  );

export interface ConfirmationRequest {
  accountId: string;
  offer: ConfirmationOffer | undefined;
  /** Operators may also ask people who joined before addresses had to be confirmed. */
  isOperator: boolean;
  reason?: string;
}

/**
 * Sends another link, which revokes the one before. A no-op if the address is confirmed.
 * @throws NotFound account-unknown
 * @throws Refusal account-deactivated, not-waiting, confirmation-off, confirmation-too-soon
 */
export function requestConfirmation(
  { standing, confirmation }: Confirming,
  { accountId, offer, isOperator, reason }: ConfirmationRequest,
  now: number,
): AccountEvent[] {
  refuseUnlessOnList(standing, accountId);
  if (confirmation.isConfirmed || !(confirmation.isPending || isOperator)) return [];
  if (!offer) throw confirmationOff();
  const retryAt = nextRequestAt(confirmation);
  if (now < retryAt) throw tooSoon(accountId, retryAt, `${counted(confirmation.requests, 'link')} for this address`);
  return [requested(accountId, offer, now, reason)];
}

/**
 * A link is good for one use, until its end, and only while its person is on the waitlist.
 * @throws NotFound account-unknown; Refusal confirmation-token-wrong, confirmation-expired
 */
export function confirmByLink(
  state: Confirming,
  { accountId, token }: { accountId: string; token: string },
  now: number,
): AccountEvent[] {
  const { request } = state.confirmation;
  if (state.standing.status === 'unknown') throw unknown(accountId);
  if (!request || request.tokenHash !== confirmationHashOf(token)) throw wrongLink(accountId);
  return confirmRequest(state, { accountId, requestId: request.requestId }, now);
}

/** As `confirmByLink`, of a link that is known to be the right one. */
export function confirmRequest(
  { standing, confirmation: { request } }: Confirming,
  { accountId, requestId }: { accountId: string; requestId: string },
  now: number,
): AccountEvent[] {
  if (request?.requestId !== requestId || standing.status !== 'waiting') throw wrongLink(accountId);
  if (now >= request.until) {
    throw new Refusal('confirmation-expired', `the link of account ${accountId} has expired; ask for another one`);
  }
  return [{ type: 'AddressConfirmed', data: { accountId, requestId } }];
}

const wrongLink = (accountId: string) =>
  new Refusal(
    'confirmation-token-wrong',
    `the token is not that of the present address of account ${accountId}, or was used; use the link of the latest message`,
  );

/** By an operator, with a reason. A no-op if it is confirmed. @throws NotFound account-unknown; Refusal account-deactivated, not-waiting */
export function confirmByHand(
  { standing, confirmation }: Confirming,
  { accountId, reason }: { accountId: string; reason: string },
): AccountEvent[] {
  refuseUnlessOnList(standing, accountId);
  return confirmation.isConfirmed ? [] : [{ type: 'AddressConfirmed', data: { accountId, reason } }];
}

function refuseUnlessOnList(standing: AccountStanding, accountId: string): void {
  if (standing.status === 'unknown') throw unknown(accountId);
  refuseDeactivated(standing, accountId);
  if (standing.status === 'waiting') return;
  throw new Refusal('not-waiting', `account ${accountId} is not on the waitlist (${standing.status})`);
}
