/** A message of a topic. A header name may occur more than once. */
export interface Message {
  key: Buffer | null;
  value: Buffer | null;
  headers: readonly (readonly [name: string, value: Buffer])[];
}

export interface ConsumedMessage extends Message {
  /** Its offset in the partition; digits. */
  offset: string;
}

/** The partition went to another consumer or the broker is unreachable. Messages that were not committed are redelivered. */
export class DeliveryLost extends Error {}

/** Consecutive messages of one partition. */
export interface Delivery {
  topic: string;
  partition: number;
  messages: readonly ConsumedMessage[];
  /** False if the partition may have gone to another consumer, or if this one has to stop. */
  isOurs(): boolean;
  /** Keeps the partition during long work; call it every few seconds. @throws DeliveryLost */
  heartbeat(): Promise<void>;
  /** Marks every message up to and including the offset as processed: none is redelivered. @throws DeliveryLost */
  commit(offset: string): Promise<void>;
}

export interface ConsumeOptions {
  /** Consumers of one group share the partitions. */
  group: string;
  topics: readonly string[];
  /** Called at every interruption, after which the consumer restarts. */
  onError(error: unknown): void;
  signal: AbortSignal;
}

export interface MessageProducer {
  /**
   * Resolves once every in-sync replica has all messages. Messages of one key keep their order. After an error some of
   * them may be stored; sending all again is safe if consumers deduplicate by id.
   */
  send(topic: string, messages: readonly Message[]): Promise<void>;
  close(): Promise<void>;
}

export interface PartitionLag {
  topic: string;
  partition: number;
  /** Messages that the group has not committed yet. */
  lag: number;
}

/** A client of a message broker, as the ingester and the publisher need it. */
export interface MessageBroker {
  /** Creates missing topics with the broker's defaults. Rejects if the broker does not allow it. */
  ensureTopics(topics: readonly string[]): Promise<void>;

  /**
   * Passes deliveries to `handle`, from the group's committed offset on, until the signal aborts. Creates missing topics.
   * Deliveries of one partition arrive one after the other. Uncommitted messages are redelivered, perhaps to another
   * consumer of the group and together with later ones. If `handle` throws, the consumer restarts from there.
   */
  consume(options: ConsumeOptions, handle: (delivery: Delivery) => Promise<void>): Promise<void>;

  producer(): MessageProducer;

  /** The group's lag in each partition of its topics, including those without a consumer. */
  lag(group: string, topics: readonly string[]): Promise<PartitionLag[]>;
}
