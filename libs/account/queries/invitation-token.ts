import type { OwnEventIds } from '../../event-store/event-identity.js';

/**
 * The token in the link with which a person accepts an invitation. It is derived with the identity key whenever a message is
 * sent, so nothing stores it, and nobody outside can compute it. The log has its hash.
 */
export const invitationToken = (ids: Pick<OwnEventIds, 'of'>, accountId: string, batchId: string): string =>
  ids.of(`invitation\n${batchId}\n${accountId}`);
