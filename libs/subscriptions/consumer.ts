import { type EventDefinition, type RecordedOf, typesOf } from '../events/event-definition.js';
import type { RecordedEvent } from '../kernel/envelope.js';

/** Acts on events of the log, from its own checkpoint on. It receives only events of its types. */
export interface Consumer {
  /** Kebab-case; the name of its checkpoint and of its ownership. */
  name: string;
  types: readonly string[];
  /** Events of one key are processed in order, those of different keys concurrently. */
  key(event: RecordedEvent): string;
  /** The key that an earlier release gave an event, if that is another one: it may be parked under that. */
  formerKey?(event: RecordedEvent): string;
  /**
   * False for an event for which `react` would do nothing, as far as that is known at once. Such an event is passed over and never
   * queued: most facts about images concern no consumer. May become false for an event, but never true again.
   */
  concerns?(event: RecordedEvent): boolean;
  /**
   * Those of the events of a page for which `react` may do something, if it takes a question to know: one for a whole page instead
   * of one for each. Like `concerns` it only saves work: if it fails, all are processed, and `react` finds the failure.
   */
  concerning?(events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]>;
  /** Must be idempotent: after a crash or an error it is called again for the same event. */
  react(event: RecordedEvent): Promise<void>;
}

export interface ConsumerDefinition<Definition extends EventDefinition> extends Pick<Consumer, 'name'> {
  events: readonly Definition[];
  key(event: RecordedOf<Definition>): string;
  formerKey?(event: RecordedOf<Definition>): string;
  concerns?(event: RecordedOf<Definition>): boolean;
  concerning?(events: readonly RecordedOf<Definition>[]): Promise<readonly RecordedOf<Definition>[]>;
  react(event: RecordedOf<Definition>): Promise<void>;
}

/** A consumer typed from its event definitions. */
export const defineConsumer = <Definition extends EventDefinition>({
  events,
  ...consumer
}: ConsumerDefinition<Definition>): Consumer => ({ ...consumer, types: typesOf(events) });

/** Whether there is anything to process for an event; one that can't be read is for the consumer to be parked at. */
export const isConcerned = ({ concerns }: Consumer, event: RecordedEvent): boolean =>
  event.fault !== undefined || concerns?.(event) !== false;

/** The events of a page that there is anything to process for, as far as that is known without processing them. */
export async function concernedAmong(
  consumer: Consumer,
  events: readonly RecordedEvent[],
): Promise<Set<RecordedEvent>> {
  const concerned = events.filter((event) => isConcerned(consumer, event));
  if (!consumer.concerning) return new Set(concerned);
  const readable = concerned.filter(({ fault }) => fault === undefined);
  const found = readable.length === 0 ? [] : await consumer.concerning(readable).catch(() => readable);
  return new Set([...found, ...concerned.filter(({ fault }) => fault !== undefined)]);
}
