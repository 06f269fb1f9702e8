import kafkajs, {
  type Admin,
  type Consumer,
  type EachBatchPayload,
  type IHeaders,
  type KafkaConfig,
  type Producer,
} from 'kafkajs';
import { pause } from '../kernel/wait.js';
import { registerCodecs } from './compression.js';
import { createTopics } from './create-topics.js';
import { KeptPartitions } from './kept-partitions.js';
import {
  type ConsumedMessage,
  type ConsumeOptions,
  type Delivery,
  DeliveryLost,
  type Message,
  type MessageBroker,
  type MessageProducer,
  type PartitionLag,
} from './message-broker.js';

/** `brokers` are some of the cluster's, as host:port; `clientId` names this process in their logs. */
export type KafkaOptions = Pick<KafkaConfig, 'brokers' | 'clientId' | 'ssl' | 'sasl'> & {
  /** Receives the log lines of the client. */
  log?(line: string, details: object): void;
};

registerCodecs();

const ALL_IN_SYNC = -1;
const BROKER_DEFAULT = -1;
const SESSION_MS = 30_000;
const HEARTBEAT_MS = 3_000;
const MAX_POLL_MS = 500;
const CONCURRENT_PARTITIONS = 4;
/** Partitions that are added to a topic are noticed within this time and a rebalance; by default after five minutes. */
const METADATA_MS = 15_000;
const RETRY_MS = 1_000;
/** Few and short retries: callers retry forever themselves and must stop within seconds. */
const RETRY = { initialRetryTime: 200, maxRetryTime: 1_000, retries: 3 };

/** Apache Kafka through kafkajs. */
export class KafkaJsBroker implements MessageBroker {
  private readonly kafka: kafkajs.Kafka;

  constructor({ log = () => {}, ...options }: KafkaOptions) {
    this.kafka = new kafkajs.Kafka({
      ...options,
      retry: RETRY,
      logLevel: kafkajs.logLevel.WARN,
      logCreator:
        () =>
        ({ log: { message, timestamp, logger, ...details } }) =>
          log(message, details),
    });
  }

  ensureTopics(topics: readonly string[]): Promise<void> {
    return withAdmin(this.kafka, async (admin) => {
      const existing = new Set(await admin.listTopics());
      const missing = topics.filter((topic) => !existing.has(topic));
      if (missing.length === 0) return;
      const ofBroker = { numPartitions: BROKER_DEFAULT, replicationFactor: BROKER_DEFAULT };
      await createTopics(
        admin,
        missing.map((topic) => ({ topic, ...ofBroker })),
      );
    });
  }

  async consume(options: ConsumeOptions, handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    const { topics, onError, signal } = options;
    while (!signal.aborted) {
      // We may not be allowed to create topics. If one is missing, consuming fails with the reason.
      await this.ensureTopics(topics).catch(onError);
      if (signal.aborted) return;
      await this.consumeOnce(options, handle);
      if (!signal.aborted) await pause(RETRY_MS, signal);
    }
  }

  private async consumeOnce(
    { group, topics, onError, signal }: ConsumeOptions,
    handle: (delivery: Delivery) => Promise<void>,
  ): Promise<void> {
    const consumer = this.kafka.consumer({
      groupId: group,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: MAX_POLL_MS,
      metadataMaxAge: METADATA_MS,
      allowAutoTopicCreation: false, // `ensureTopics` creates them
      retry: { ...RETRY, restartOnFailure: async () => false },
    });
    const over = new AbortController();
    const ended = endOf(consumer, signal, over.signal);
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
        // kafkajs needs its own error back, to decide whether to rejoin the group.
        eachBatch: (payload) =>
          handle(deliveryOf(payload)).catch((error) => {
            throw error instanceof DeliveryLost ? error.cause : error;
          }),
      });
      await ended;
    } catch (error) {
      onError(error);
    }
    over.abort();
    await consumer.disconnect().catch(onError);
  }

  producer(): MessageProducer {
    return new KafkaJsProducer(this.kafka);
  }

  async lag(group: string, topics: readonly string[]): Promise<PartitionLag[]> {
    return withAdmin(this.kafka, async (admin) => {
      const committed = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
      const lists = await Promise.all(
        committed.map(async ({ topic, partitions }) => {
          const next = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
          const ends = await admin.fetchTopicOffsets(topic);
          return ends.map(({ partition, high, low }) => {
            // The broker may have dropped messages since. No committed offset is -1.
            const from = Math.max(next.get(partition) ?? 0, Number(low));
            return { topic, partition, lag: Math.max(0, Number(high) - from) };
          });
        }),
      );
      return lists.flat();
    });
  }
}

async function withAdmin<Result>(kafka: kafkajs.Kafka, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Resolves when the signal aborts, rejects when the consumer gives up. @param over aborts when nobody waits any more */
function endOf(consumer: Consumer, signal: AbortSignal, over: AbortSignal): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    signal.addEventListener('abort', () => resolve(), { signal: over });
    if (signal.aborted) resolve();
  });
  ended.catch(() => {}); // it may reject before anybody awaits it
  return ended;
}

function deliveryOf(payload: EachBatchPayload): Delivery {
  const { batch, resolveOffset, commitOffsetsIfNecessary, heartbeat, isRunning, isStale } = payload;
  const { topic, partition } = batch;
  return {
    topic,
    partition,
    messages: batch.messages.map(({ key, value, headers, offset }): ConsumedMessage => {
      return { key, value, headers: pairs(headers), offset };
    }),
    isOurs: () => isRunning() && !isStale(),
    heartbeat: () => heartbeat().catch(throwLost),
    async commit(offset) {
      resolveOffset(offset);
      const next = String(BigInt(offset) + 1n);
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] }).catch(
        throwLost,
      );
    },
  };
}

function throwLost(cause: unknown): never {
  throw new DeliveryLost((cause as Error).message, { cause });
}

const pairs = (headers: IHeaders = {}): [string, Buffer][] =>
  Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value): [string, Buffer] => [name, Buffer.from(value ?? '')]),
  );

/** An idempotent producer. After an error it is replaced, since its sequence numbers may be out of step with the broker. */
class KafkaJsProducer implements MessageProducer {
  private current: { client: Producer; ready: Promise<void> } | undefined;
  private readonly partitions = new KeptPartitions();

  constructor(private readonly kafka: kafkajs.Kafka) {}

  async send(topic: string, messages: readonly Message[]): Promise<void> {
    this.current ??= this.connect();
    const { client, ready } = this.current;
    const named = messages.map(({ key, value, headers }) => ({ key, value, headers: byName(headers) }));
    try {
      await ready;
      const confirmed = await client.send({ topic, acks: ALL_IN_SYNC, messages: named });
      this.partitions.requireConfirmed(topic, named, confirmed);
    } catch (error) {
      if (this.current?.client === client) await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    await current?.client.disconnect().catch(() => {});
  }

  private connect() {
    const client = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      metadataMaxAge: METADATA_MS,
      allowAutoTopicCreation: false,
      createPartitioner: this.partitions.partitioner,
    });
    return { client, ready: client.connect() };
  }
}

function byName(headers: Message['headers']): IHeaders {
  // Without a prototype: a sender may choose any header name, `__proto__` too.
  const named: IHeaders = Object.create(null);
  for (const [name, value] of headers) {
    const earlier = named[name];
    named[name] = earlier === undefined ? value : [earlier, value].flat();
  }
  return named;
}
