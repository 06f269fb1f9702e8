import { type EventStore, UnknownPosition } from '../event-store/event-store.js';
import { positionAt } from '../event-store/position-at.js';
import type { Clock } from '../kernel/clock.js';
import type { EarlierMoment } from '../kernel/earlier-moment.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, PositionGone } from '../kernel/errors.js';
import { isInstant, parseInstant } from '../kernel/text-forms.js';
import { parsePosition } from './position-text.js';

export const MOMENT_RULE = 'must be a position, digits only or EPOCH-digits, or a time like 2022-05-18T09:00:00Z';
/** What the form of one looks like; `momentOf` says the rest. */
export const MOMENT_FORM = /^(?:[0-9a-f]{12}-)?[0-9][0-9TZ:.+-]*$/;
export const MAX_MOMENT_LENGTH = 40;

/** A moment of the log: all events up to a position, or those stored by a time in epoch milliseconds. */
export type Moment = { position: Position } | { time: number };

/**
 * Parses a moment from a client.
 * @param epoch the log's current one
 * @throws InvalidInput; PositionGone if the position names another epoch
 */
export function momentOf(text: string, field: string, epoch: string): Moment {
  const position = parsePosition(text, epoch);
  if (position !== undefined) return { position };
  const time = isInstant(text) ? parseInstant(text) : undefined;
  if (time !== undefined) return { time };
  throw new InvalidInput([{ field, message: `${MOMENT_RULE} (a + in a URL is written %2B)` }]);
}

/**
 * The position of a moment from a client: a time stands for the last position that was stored by then.
 * @throws InvalidInput; PositionGone if the log ends before the position
 */
export async function positionOfMoment(
  text: string,
  field: string,
  { store, epoch }: { store: EventStore; epoch: string },
): Promise<Position> {
  const moment = momentOf(text, field, epoch);
  if ('time' in moment) return positionAt(store, moment.time);
  if (moment.position > (await store.head())) throw new PositionGone(text, epoch);
  return moment.position;
}

/**
 * The moment from a client as that of an answer: the time of a position is when its event was stored.
 * @throws InvalidInput; PositionGone if the log ends before the position, or has no event there
 */
export async function earlierMomentOf(
  text: string,
  field: string,
  { store, epoch, clock }: { store: EventStore; epoch: string; clock: Clock },
): Promise<Omit<EarlierMoment, 'views'>> {
  const moment = momentOf(text, field, epoch);
  const position = await positionOfMoment(text, field, { store, epoch });
  const time = 'time' in moment ? moment.time : await storedAt(position, text, { store, epoch });
  const asked = 'time' in moment ? { asked: moment.time } : {};
  return { position, time: Math.min(clock.now(), time), ...asked };
}

async function storedAt(
  position: Position,
  text: string,
  { store, epoch }: { store: EventStore; epoch: string },
): Promise<number> {
  if (position === 0) return 0; // before the first event
  try {
    const [event] = (await store.readAll(position, { including: true, limit: 1 })).events;
    if (event?.position === position) return Date.parse(event.recordedAt);
  } catch (error) {
    if (!(error instanceof UnknownPosition)) throw error;
  }
  throw new PositionGone(text, epoch);
}
