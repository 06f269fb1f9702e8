import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { UnknownPosition } from '../event-store.js';
import type { LogScan } from './log-scan.js';

/** Reads at a time: the server answers each by itself. */
const AT_ONCE = 16;

/** The events at positions, which the server reads one by one. */
export async function readEachPosition(
  scan: Pick<LogScan, 'page'>,
  positions: readonly Position[],
): Promise<RecordedEvent[]> {
  const found: (RecordedEvent | undefined)[] = [];
  const waiting = positions.entries();
  const work = async () => {
    for (const [n, position] of waiting) found[n] = await eventAt(scan, position);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found.filter((event) => event !== undefined);
}

async function eventAt(scan: Pick<LogScan, 'page'>, position: Position): Promise<RecordedEvent | undefined> {
  try {
    const [event] = (await scan.page(position, { including: true, limit: 1 })).events;
    return event?.position === position ? event : undefined;
  } catch (error) {
    if (error instanceof UnknownPosition) return undefined;
    throw error;
  }
}
