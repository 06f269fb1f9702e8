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
  /** Must be idempotent: after a crash or an error it is called again for the same event. */
  react(event: RecordedEvent): Promise<void>;
}

export interface ConsumerDefinition<Definition extends EventDefinition> extends Pick<Consumer, 'name'> {
  events: readonly Definition[];
  key(event: RecordedOf<Definition>): string;
  formerKey?(event: RecordedOf<Definition>): string;
  concerns?(event: RecordedOf<Definition>): boolean;
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
