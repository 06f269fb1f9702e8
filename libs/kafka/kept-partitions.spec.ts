import { connect, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import kafkajs, { type ISocketFactory, type Message, type RecordMetadata } from 'kafkajs';
import { describeWithKafka, KAFKA_START_MS, kafkaBroker, readTopic, uniqueName } from '../../test/support/kafka.js';
import { kafkaAdmin } from '../../test/support/kafka-admin.js';
import { createTopics } from './create-topics.js';
import { KeptPartitions } from './kept-partitions.js';

const PARTITIONS = 3;
const available = Array.from({ length: PARTITIONS }, (_, partitionId) => ({ partitionId, leader: 1 }));
const metadata = (partitions: readonly { partitionId: number; leader: number }[]) =>
  partitions.map((one) => ({ partitionErrorCode: 0, replicas: [], isr: [], ...one }));
const message = (key: string | null = null): Message => ({ key, value: 'x' });

describe('a message for Kafka', () => {
  it('keeps its partition at the next attempt, whatever is available then', () => {
    const choose = new KeptPartitions().partitioner();
    const messages = Array.from({ length: 7 }, (_, n) => message(n > 4 ? `key-${n}` : null));
    const attempt = (partitions = available) =>
      messages.map((one) => choose({ topic: 'facts', message: one, partitionMetadata: metadata(partitions) }));
    const first = attempt();
    expect(new Set(first)).toEqual(new Set([0, 1, 2]));
    expect(attempt()).toEqual(first);
    expect(attempt(available.map((one) => ({ ...one, leader: one.partitionId === 1 ? 1 : -1 })))).toEqual(first);
    expect(attempt([...available, { partitionId: 3, leader: 1 }])).toEqual(first);
  });

  it('is reported if the broker that leads its partition has not confirmed it', () => {
    const kept = new KeptPartitions();
    const choose = kept.partitioner();
    const messages = Array.from({ length: PARTITIONS }, () => message());
    for (const one of messages) choose({ topic: 'facts', message: one, partitionMetadata: metadata(available) });
    const confirmed = (...partitions: number[]) =>
      partitions.map((partition): RecordMetadata => ({ topicName: 'facts', partition, errorCode: 0 }));
    expect(() => kept.requireConfirmed('facts', messages, confirmed(2, 0, 1))).not.toThrow();
    expect(() => kept.requireConfirmed('facts', messages, confirmed(0, 2))).toThrow(
      /the messages for partition 1 of facts, .*: send them again$/,
    );
    expect(() => kept.requireConfirmed('facts', [], [])).not.toThrow();
  });
});

describeWithKafka('A broker that refuses one partition of a batch', () => {
  it(
    'stores each message once, since none of them changes its partition at the next attempt',
    async () => {
      const bootstrap = await kafkaBroker();
      const [admin, topic] = [await kafkaAdmin(bootstrap), uniqueName('kept')];
      await createTopics(admin, [{ topic, numPartitions: PARTITIONS }]);
      const wire = misdirecting();
      const kafka = new kafkajs.Kafka({
        ...{ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING, socketFactory: wire.socketFactory },
        retry: { initialRetryTime: 20, retries: 5 },
      });
      const createPartitioner = new KeptPartitions().partitioner;
      const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner });
      await producer.connect();
      // Seven, so that the turns of the partitions would begin at another one.
      const values = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
      await producer.send({ topic, messages: values.map((value) => ({ key: null, value })) });
      await producer.send({ topic, messages: [{ key: null, value: 'last' }] });
      expect(wire.misdirected()).toBe(1);

      const ends = await admin.fetchTopicOffsets(topic);
      expect(ends.reduce((sum, { high }) => sum + Number(high), 0)).toBe(values.length + 1);
      const all = await readTopic(bootstrap, topic, ({ length }) => length > values.length);
      expect(all.map(({ value }) => `${value}`).sort()).toEqual([...values, 'last']);
      await Promise.all([producer.disconnect(), admin.disconnect()]);
    },
    KAFKA_START_MS,
  );
});

const PRODUCE = 0;
const UNKNOWN_PARTITION = 99;

/** Connections of which the first Produce request names a partition that does not exist, in the place of its last. */
function misdirecting() {
  let count = 0;
  const socketFactory: ISocketFactory = ({ host, port, onConnect }): Socket => {
    const socket = connect({ host, port }, onConnect);
    const write = socket.write.bind(socket) as (bytes: Buffer, ...rest: unknown[]) => boolean;
    const changed = (bytes: Buffer, ...rest: unknown[]) => {
      const at = count === 0 && bytes.readInt16BE(4) === PRODUCE ? lastPartition(bytes) : undefined;
      if (at !== undefined) {
        count++;
        bytes.writeInt32BE(UNKNOWN_PARTITION, at);
      }
      return write(bytes, ...rest);
    };
    return Object.assign(socket, { write: changed as Socket['write'] });
  };
  return { socketFactory, misdirected: () => count };
}

/** Where a Produce request of version 3 to 8 has the number of its last partition. Source: Kafka protocol guide. */
function lastPartition(request: Buffer): number {
  const HEADER_BYTES = 12;
  let at = HEADER_BYTES;
  const skipText = () => {
    at += 2 + Math.max(0, request.readInt16BE(at));
  };
  skipText(); // the client's name
  skipText(); // the transaction's
  at += 2 + 4; // acknowledgements and time limit
  at += 4; // number of topics
  skipText(); // the topic
  let left = request.readInt32BE(at);
  at += 4;
  for (; left > 1; left--) at += 4 + 4 + request.readInt32BE(at + 4);
  return at;
}
