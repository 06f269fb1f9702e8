import kafkajs, {
  type Admin,
  type Consumer,
  type EachBatchPayload,
  type IHeaders,
  type Producer,
  type SASLOptions,
} from 'kafkajs';
import { pause } from '../kernel/wait.js';
import { readEveryCompression } from './compression.js';
import {
  type ConsumedMessage,
  type ConsumeOptions,
  type Delivery,
  DeliveryLost,
  type Message,
  type MessageBroker,
  type MessageProducer,
  type PartitionBehind,
} from './message-broker.js';

export interface KafkaOptions {
  /** host:port of some of the brokers. */
  brokers: readonly string[];
  /** What this process is called in the brokers' logs. */
  clientId: string;
  /** Whether connections are encrypted; the brokers' certificates must be good. */
  tls?: {
    /** PEM of the authority that signed them, where it is not one that everybody knows. */
    ca?: string;
  };
  /** How this process says who it is. */
  sasl?: SaslOptions;
  /** Told what the client logs. */
  log?(line: string, details: object): void;
}

export interface SaslOptions {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}

readEveryCompression();

const ALL_IN_SYNC = -1;
const BROKER_DEFAULT = -1;
const SESSION_MS = 30_000;
const BEAT_MS = 3_000;
const LONGEST_POLL_MS = 500;
const PARTITIONS_SIDE_BY_SIDE = 4;
const RETRY_MS = 1_000;
/** Short, since whoever uses this tries again for ever, and is to stop within seconds when told. */
const RETRY = { initialRetryTime: 200, maxRetryTime: 1_000, retries: 3 };

/** Apache Kafka through kafkajs. */
export class KafkaJsBroker implements MessageBroker {
  private readonly kafka: kafkajs.Kafka;

  constructor({ brokers, clientId, tls, sasl, log = () => {} }: KafkaOptions) {
    this.kafka = new kafkajs.Kafka({
      brokers: [...brokers],
      clientId,
      ...(tls && { ssl: tls.ca === undefined ? true : { ca: tls.ca } }),
      ...(sasl && { sasl: sasl as SASLOptions }),
      retry: RETRY,
      logLevel: kafkajs.logLevel.WARN,
      logCreator:
        () =>
        ({ log: { message, timestamp, logger, ...details } }) =>
          log(message, details),
    });
  }

  ensureTopics(topics: readonly string[]): Promise<void> {
    return asking(this.kafka, async (admin) => {
      const there = new Set(await admin.listTopics());
      const missing = topics.filter((topic) => !there.has(topic));
      if (missing.length === 0) return;
      await admin.createTopics({
        topics: missing.map((topic) => ({ topic, numPartitions: BROKER_DEFAULT, replicationFactor: BROKER_DEFAULT })),
        waitForLeaders: true,
      });
    });
  }

  async consume(options: ConsumeOptions, take: (delivery: Delivery) => Promise<void>): Promise<void> {
    const { topics, onError: trouble, signal } = options;
    while (!signal.aborted) {
      // Where topics are made by somebody else, we may not be allowed to; consuming says then what is wrong.
      await this.ensureTopics(topics).catch(trouble);
      if (signal.aborted) return;
      await this.consumeOnce(options, take);
      if (!signal.aborted) await pause(RETRY_MS, signal);
    }
  }

  private async consumeOnce(
    { group, topics, onError: trouble, signal }: ConsumeOptions,
    take: (delivery: Delivery) => Promise<void>,
  ): Promise<void> {
    const consumer = this.kafka.consumer({
      groupId: group,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: BEAT_MS,
      maxWaitTimeInMs: LONGEST_POLL_MS,
      allowAutoTopicCreation: false, // `ensureTopics` says how they are made
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
        partitionsConsumedConcurrently: PARTITIONS_SIDE_BY_SIDE,
        // kafkajs wants its own error back: it tells it whether to join the group again.
        eachBatch: (payload) =>
          take(deliveryOf(payload)).catch((error) => {
            throw error instanceof DeliveryLost ? error.cause : error;
          }),
      });
      await ended;
    } catch (error) {
      trouble(error);
    }
    over.abort();
    await consumer.disconnect().catch(trouble);
  }

  producer(): MessageProducer {
    return new KafkaJsProducer(this.kafka);
  }

  async behind(group: string, topics: readonly string[]): Promise<PartitionBehind[]> {
    return asking(this.kafka, async (admin) => {
      const committed = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
      const lists = await Promise.all(
        committed.map(async ({ topic, partitions }) => {
          const next = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
          const ends = await admin.fetchTopicOffsets(topic);
          return ends.map(({ partition, high, low }) => {
            // What the broker has dropped since can't be taken any more; nothing committed reads as -1.
            const from = Math.max(next.get(partition) ?? 0, Number(low));
            return { topic, partition, behind: Math.max(0, Number(high) - from) };
          });
        }),
      );
      return lists.flat();
    });
  }
}

async function asking<Answer>(kafka: kafkajs.Kafka, ask: (admin: Admin) => Promise<Answer>): Promise<Answer> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Resolves when the signal aborts, rejects when the consumer gives up. @param over when nobody asks any more */
function endOf(consumer: Consumer, signal: AbortSignal, over: AbortSignal): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    signal.addEventListener('abort', () => resolve(), { signal: over });
    if (signal.aborted) resolve();
  });
  ended.catch(() => {}); // it may come before anybody waits for it
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
    beat: () => heartbeat().catch(lose),
    async done(offset) {
      resolveOffset(offset);
      const next = String(BigInt(offset) + 1n);
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] }).catch(lose);
    },
  };
}

function lose(cause: unknown): never {
  throw new DeliveryLost((cause as Error).message, { cause });
}

const pairs = (headers: IHeaders = {}): [string, Buffer][] =>
  Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value): [string, Buffer] => [name, Buffer.from(value ?? '')]),
  );

/** An idempotent producer; after an error the next one is made, since nobody knows where its numbering stands. */
class KafkaJsProducer implements MessageProducer {
  private current: { client: Producer; ready: Promise<void> } | undefined;

  constructor(private readonly kafka: kafkajs.Kafka) {}

  async send(topic: string, messages: readonly Message[]): Promise<void> {
    this.current ??= this.connect();
    const { client, ready } = this.current;
    try {
      await ready;
      await client.send({
        topic,
        acks: ALL_IN_SYNC,
        messages: messages.map(({ key, value, headers }) => ({ key, value, headers: byName(headers) })),
      });
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
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    return { client, ready: client.connect() };
  }
}

function byName(headers: Message['headers']): IHeaders {
  // Without a prototype: a sender may name a header as he likes.
  const named: IHeaders = Object.create(null);
  for (const [name, value] of headers) {
    const there = named[name];
    named[name] = there === undefined ? value : [there, value].flat();
  }
  return named;
}
