/** A message as a topic holds it. A header name may occur more than once. */
export interface Message {
  key: Buffer | null;
  value: Buffer | null;
  headers: readonly (readonly [name: string, value: Buffer])[];
}

export interface ConsumedMessage extends Message {
  /** Its place in the partition; digits. */
  offset: string;
}

/** The partition went to another consumer, or the broker is away: what was not `done` comes again. */
export class DeliveryLost extends Error {}

/** Consecutive messages of one partition. */
export interface Delivery {
  topic: string;
  partition: number;
  messages: readonly ConsumedMessage[];
  /** False once the partition may have gone to another consumer, or this one is to stop. */
  isOurs(): boolean;
  /** Tells the broker that the work goes on; to be called every few seconds. @throws DeliveryLost */
  beat(): Promise<void>;
  /** Everything up to and including that offset is dealt with and need not come again. @throws DeliveryLost */
  done(offset: string): Promise<void>;
}

export interface ConsumeOptions {
  /** Consumers of one group share the partitions. */
  group: string;
  topics: readonly string[];
  /** Told of every interruption; the consumer begins again by itself. */
  onError(error: unknown): void;
  signal: AbortSignal;
}

export interface MessageProducer {
  /**
   * Resolves once every replica in sync has all of them. Messages of one key keep their order. After an error, any part
   * of them may be there; sending all again is safe for consumers that know a message by its id.
   */
  send(topic: string, messages: readonly Message[]): Promise<void>;
  close(): Promise<void>;
}

export interface PartitionBehind {
  topic: string;
  partition: number;
  /** Messages that the group has yet to be done with. */
  behind: number;
}

/** What the doors to a message broker need of its client. */
export interface MessageBroker {
  /** Makes those topics that are missing, as the broker makes them by default. Not everybody may: using them then says so. */
  ensureTopics(topics: readonly string[]): Promise<void>;

  /**
   * Hands over what comes, from where the group stands, until the signal aborts; topics that are missing are made. The
   * deliveries of one partition come one after the other; what was not `done` comes again, perhaps to another consumer of
   * the group, and with more behind it. When `take` throws, the consumer begins again from there.
   */
  consume(options: ConsumeOptions, take: (delivery: Delivery) => Promise<void>): Promise<void>;

  producer(): MessageProducer;

  /** How far a group is behind in each partition of its topics, also in those that no consumer holds. */
  behind(group: string, topics: readonly string[]): Promise<PartitionBehind[]>;
}
