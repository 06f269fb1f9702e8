import { type EventDefinition, isOf, type RecordedOf } from '../events/event-definition.js';
import type { Position } from '../kernel/envelope.js';
import { NotCaughtUp } from '../kernel/errors.js';
import type { LogTail } from './log-tail.js';

export interface Behind {
  /** The consumer or view that the caller depends on, named as in `gatehouse status`. */
  consumer: string;
  /** Its position. */
  position: Position;
  /** Maximum time for reading on. */
  limitMs: number;
}

/**
 * The events of a type that a consumer or view has not reached, in log order, up to those that are stored at the time of the
 * call: a decision adds them to what it found there, so it never depends on how far behind that is.
 * @param concerns selects the events that matter
 * @throws NotCaughtUp if so much is stored behind the position that reading it takes too long
 */
export async function eventsAhead<Definition extends EventDefinition>(
  log: LogTail,
  definition: Definition,
  { consumer, position, limitMs }: Behind,
  concerns: (event: RecordedOf<Definition>) => boolean,
): Promise<RecordedOf<Definition>[]> {
  const deadline = performance.now() + limitMs;
  const events: RecordedOf<Definition>[] = [];
  // Not the head of each page: other streams may grow faster than it is read.
  const head = await log.head();
  for (let after = position; ; ) {
    const page = await log.readAll(after, { types: [definition.type] });
    for (const event of page.events) if (isOf(definition, event) && concerns(event)) events.push(event);
    if (page.atHead || page.next >= head) return events;
    after = page.next;
    if (performance.now() > deadline) throw new NotCaughtUp(consumer, after, limitMs);
  }
}
