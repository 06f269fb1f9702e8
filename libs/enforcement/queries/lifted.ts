import { type AccountStanding, accountStream, consequencesOf, isInForce } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import { isWithheld, type Withholding, withholdingStream } from '../../images/index.js';
import type { Lifted } from '../acknowledging.js';
import type { Enforcement } from '../enforcement.js';
import type { Consequence } from '../target-events.js';

/* What of an enforcement is in force no longer, so that nobody is asked to carry it out. */

/**
 * Nothing before the order is carried out here, since its consequences are still to come, nor of a reversal.
 * @param id of the enforcement
 * @param now epoch milliseconds
 */
export function liftedOf(
  { status, order }: Enforcement,
  id: string,
  account: AccountStanding,
  image: Withholding,
  now: number,
): Consequence[] {
  if (status !== 'completed' || !order) return [];
  const { measure, imageId } = order;
  // A strike outlives the measure that came with it.
  const denying = { ...consequencesOf(account), strikes: [] };
  // An event of the account that can't be read may have imposed it again.
  const isMeasureLifted = measure !== 'strike' && account.unreadable === undefined && !isInForce(denying, id, now);
  // An image that was never withheld will be: a consumer of its own does that.
  const isImageRestored = imageId !== undefined && image.restored !== undefined && !isWithheld(image);
  return [...(isMeasureLifted ? [measure] : []), ...(isImageRestored ? (['withhold'] as const) : [])];
}

/**
 * What is lifted by the streams of the account and the image, which may change before that is stored: so it says as of when.
 * @param now epoch milliseconds
 */
export async function loadLifted(
  transactor: Transactor,
  enforcement: Enforcement,
  id: string,
  now: number,
): Promise<Lifted> {
  const { order } = enforcement;
  if (!order) return { consequences: [] };
  const [account, image] = await Promise.all([
    transactor.load(accountStream, order.accountId),
    order.imageId === undefined ? undefined : transactor.load(withholdingStream, order.imageId),
  ]);
  const consequences = liftedOf(enforcement, id, account.state, image?.state ?? withholdingStream.initial, now);
  // The earlier of the two, since the other stream may have changed in between.
  return { consequences, asOf: Math.min(account.position, image?.position ?? account.position) };
}
