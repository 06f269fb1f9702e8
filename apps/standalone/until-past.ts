import type { Position } from '../../libs/kernel/envelope.js';
import { GatehouseError } from '../../libs/kernel/errors.js';

/** A page takes a fraction of a second. */
const STALLED_MS = 60_000;

interface Consumers {
  /** What they are, in the plural. */
  what: string;
  /** How far the last of them is. */
  position(): Position | Promise<Position>;
  /** Waits a moment. */
  look(): Promise<void>;
  signal?: AbortSignal;
  stalledMs?: number;
}

/**
 * Waits until all these consumers have passed a position.
 * @throws GatehouseError if it doesn't move for a minute; the reason of the signal if it aborts
 */
export async function untilPast(
  head: Position,
  { what, position, look, signal, stalledMs = STALLED_MS }: Consumers,
): Promise<void> {
  let at = await position();
  let movedAt = performance.now();
  while (at < head) {
    signal?.throwIfAborted();
    await look();
    const now = await position();
    if (now > at) movedAt = performance.now();
    else if (performance.now() - movedAt > stalledMs)
      throw new GatehouseError('views-stalled', `${what} stay at ${at}, although the log has ${head}`, 'failed');
    at = now;
  }
}
