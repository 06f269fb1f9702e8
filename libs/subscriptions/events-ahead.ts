import { type EventDefinition, isOf, type RecordedOf } from '../events/event-definition.js';
import { keyOfBroken } from '../events/stored-events.js';
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
  /** The head of the log since the decision began, if the caller has read it. */
  head?: Position;
}

/** What is stored about one entity after the position of a consumer or view. */
export interface Ahead<Definition extends EventDefinition> {
  /** In log order. */
  events: RecordedOf<Definition>[];
  /** Whether another event of it can't be used: the consumer or view will park the key when it gets there. */
  isBroken: boolean;
}

/**
 * The events of a type about one entity that a consumer or view has not reached, up to those that are stored at the time of
 * the call or of the given head: a decision adds them to what it found there, so it never depends on how far behind that is.
 * @param key of the entity, as the consumer or view uses it
 * @throws NotCaughtUp if so much is stored behind the position that reading it takes too long
 */
export async function eventsAhead<Definition extends EventDefinition>(
  log: LogTail,
  definition: Definition,
  { consumer, position, limitMs, head = undefined }: Behind,
  key: string,
  keyOf: (event: RecordedOf<Definition>) => string,
): Promise<Ahead<Definition>> {
  const deadline = performance.now() + limitMs;
  const ahead: Ahead<Definition> = { events: [], isBroken: false };
  // Not the head of each page: other streams may grow faster than it is read.
  const end = head ?? (await log.head());
  for (let after = position; after < end; ) {
    const page = await log.readTo(end, after, [definition.type]);
    for (const event of page.events) {
      if (!isOf(definition, event)) ahead.isBroken ||= keyOfBroken(event) === key;
      else if (keyOf(event) === key) ahead.events.push(event);
    }
    after = page.next;
    if (page.atHead) break;
    if (after < end && performance.now() > deadline) throw new NotCaughtUp(consumer, after, limitMs);
  }
  return ahead;
}
