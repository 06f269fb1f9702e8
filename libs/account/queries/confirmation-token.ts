import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { type ConfirmationOffer, confirmationHashOf } from '../address-confirmation.js';

const HOUR_MS = 3_600_000;

/** The token in the link with which a person confirms an address, derived as that of an invitation is. */
export const confirmationToken = (ids: Pick<OwnEventIds, 'of'>, accountId: string, requestId: string): string =>
  ids.of(`address-confirmation\n${requestId}\n${accountId}`);

/** Which request could be made for an account; undefined if addresses need not be confirmed. */
export type OfferConfirmation = (accountId: string) => ConfirmationOffer | undefined;

/** @param requestId never used for another request */
export const offerOf =
  (
    ids: Pick<OwnEventIds, 'of'>,
    { waitlistConfirmUrl, waitlistConfirmHours }: Pick<Settings, 'waitlistConfirmUrl' | 'waitlistConfirmHours'>,
    requestId: string,
  ): OfferConfirmation =>
  (accountId) => {
    if (waitlistConfirmUrl === undefined) return undefined;
    const tokenHash = confirmationHashOf(confirmationToken(ids, accountId, requestId));
    return { requestId, tokenHash, validMs: waitlistConfirmHours * HOUR_MS };
  };
