import type { EventStore } from '../event-store/event-store.js';
import type { Clock } from '../kernel/clock.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import { IfGiven, IsMoment } from './field-rules.js';
import { earlierMomentOf } from './moment.js';

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
  const { position, time } = await earlierMomentOf(asOf, 'asOf', { store, epoch: epoch.current, clock });
  const events = (await store.readStream(stream)).filter((event) => event.position <= position);
  return { events, now: time };
}
