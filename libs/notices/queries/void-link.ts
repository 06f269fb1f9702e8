import { invitedAccount } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import type { Notice } from '../notice.js';

const VOID = 'its link is no longer valid';

/** Why nobody needs a notice any more: its link was used, revoked, or has expired. @param now epoch milliseconds */
export async function voidLink(
  transactor: Pick<Transactor, 'load'>,
  { kind, accountId, requestId, batchId }: Notice,
  now: number,
): Promise<string | undefined> {
  if (kind !== 'address-confirmation' && kind !== 'invitation') return undefined;
  const { turn, invitation } = (await transactor.load(invitedAccount, accountId)).state;
  const { request } = turn.confirmation;
  const isValid =
    kind === 'invitation'
      ? invitation !== undefined && invitation.batchId === batchId && !invitation.isAccepted && now < invitation.until
      : request !== undefined &&
        request.requestId === requestId &&
        turn.standing.status === 'waiting' &&
        now < request.until;
  return isValid ? undefined : VOID;
}
