import { UnknownPosition } from '../event-store/event-store.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, PositionGone } from '../kernel/errors.js';
import { isGivenPosition } from '../kernel/text-forms.js';

/** What a client must give as a position. */
export const POSITION_RULE =
  'must be a position as this service gives it: digits, or EPOCH-digits with the epoch of the header Gatehouse-Log-Epoch';

/**
 * Parses a position from a client; undefined if it is none.
 * @param epoch the log's current one
 * @throws PositionGone if the position names another epoch
 */
export function parsePosition(text: string, epoch: string): Position | undefined {
  if (!isGivenPosition(text)) return undefined;
  const dash = text.indexOf('-');
  if (dash !== -1 && text.slice(0, dash) !== epoch) throw new PositionGone(text, epoch);
  const position = Number(text.slice(dash + 1));
  return Number.isSafeInteger(position) ? position : undefined;
}

/** Parses a position from a client. @throws InvalidInput, PositionGone */
export function positionOf(text: string, field: string, epoch: string): Position {
  const position = parsePosition(text, epoch);
  if (position !== undefined) return position;
  throw new InvalidInput([{ field, message: `${POSITION_RULE}; is ${JSON.stringify(text.slice(0, 40))}` }]);
}

/** Reads from a position that the caller gave. @throws PositionGone if the log has no such position */
export async function readFromGiven<Answer>(epoch: string, read: () => Promise<Answer>): Promise<Answer> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UnknownPosition)) throw error;
    throw new PositionGone(String(error.position), epoch);
  }
}
