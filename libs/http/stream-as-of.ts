import { type EventStore, UnknownPosition } from '../event-store/event-store.js';
import type { Clock } from '../kernel/clock.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import { PositionGone } from '../kernel/errors.js';
import { IfGiven, IsMoment } from './field-rules.js';
import { momentOf, positionOfMoment } from './moment.js';

/** `asOf` of a read that folds one stream. */
export class AsOfQuery {
  @IfGiven()
  @IsMoment()
  asOf?: string;
}

interface Ports {
  store: EventStore;
  epoch: { readonly current: string };
  clock: Clock;
}

export interface StreamAsOf {
  /** Those that were stored by then. */
  events: RecordedEvent[];
  /** What the clock said then, in epoch milliseconds. */
  now: number;
}

/**
 * A stream as it was at a moment, by when its events were stored.
 * @param asOf a position or a time, as clients give it; now if absent
 * @throws InvalidInput, PositionGone
 */
export async function streamAsOf(
  stream: string,
  asOf: string | undefined,
  { store, epoch, clock }: Ports,
): Promise<StreamAsOf> {
  const now = clock.now();
  if (asOf === undefined) return { events: await store.readStream(stream), now };
  const moment = momentOf(asOf, 'asOf', epoch.current);
  const position = await positionOfMoment(asOf, 'asOf', { store, epoch: epoch.current });
  const events = (await store.readStream(stream)).filter((event) => event.position <= position);
  const time = 'time' in moment ? moment.time : await storedAt(position, asOf, { store, epoch });
  return { events, now: Math.min(now, time) };
}

async function storedAt(position: number, asOf: string, { store, epoch }: Omit<Ports, 'clock'>): Promise<number> {
  if (position === 0) return 0; // before the first event
  try {
    const [event] = (await store.readAll(position, { including: true, limit: 1 })).events;
    if (event?.position === position) return Date.parse(event.recordedAt);
  } catch (error) {
    if (!(error instanceof UnknownPosition)) throw error;
  }
  throw new PositionGone(asOf, epoch.current);
}
