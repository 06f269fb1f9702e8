import { type InvitedAccount, invitedAccount } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import { rolloutStream } from '../../rollout/index.js';
import type { Notice } from '../notice.js';

const VOID = 'its link is no longer valid';

/**
 * Why nobody needs a notice any more: its link was used, revoked, or has expired. A batch that an operator withdrew is asked of the
 * rollout: it says so before each account has the end of its invitation.
 * @param now epoch milliseconds
 */
export async function voidLink(
  transactor: Pick<Transactor, 'load'>,
  notice: Notice,
  now: number,
): Promise<string | undefined> {
  const { kind, accountId, batchId = '' } = notice;
  if (kind !== 'address-confirmation' && kind !== 'invitation') return undefined;
  const { state } = await transactor.load(invitedAccount, accountId);
  if (kind === 'address-confirmation') return canConfirm(state, notice, now) ? undefined : VOID;
  if (!canAccept(state, notice, now)) return VOID;
  const rollout = await transactor.load(rolloutStream, undefined);
  return rollout.state.held.withdrawn.has(batchId) ? VOID : undefined;
}

const canConfirm = ({ turn }: InvitedAccount, { requestId }: Notice, now: number): boolean => {
  const { request } = turn.confirmation;
  return (
    request !== undefined &&
    request.requestId === requestId &&
    turn.standing.status === 'waiting' &&
    now < request.until
  );
};

const canAccept = ({ invitation }: InvitedAccount, { batchId }: Notice, now: number): boolean =>
  invitation !== undefined && invitation.batchId === batchId && !invitation.isAccepted && now < invitation.until;
