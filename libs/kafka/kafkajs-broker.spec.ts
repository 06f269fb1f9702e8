import { afterEach, expect, it, jest } from '@jest/globals';
import {
  binaryMessage,
  describeWithKafka,
  KAFKA_START_MS,
  kafkaBroker,
  testClient,
  uniqueName,
} from '../../test/support/kafka.js';
import { kafkaAdmin } from '../../test/support/kafka-admin.js';
import { until } from '../../test/support/until.js';
import { createTopics } from './create-topics.js';

/** What the documents promise. */
const NOTICED_WITHIN_MS = 30_000;
const NEW_PARTITIONS = 3;

describeWithKafka('A consumer of a topic', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it(
    'notices new partitions within half a minute, and reads them from their beginning',
    async () => {
      const bootstrap = await kafkaBroker();
      const admin = await kafkaAdmin(bootstrap);
      const topic = uniqueName('growing');
      await createTopics(admin, [{ topic, numPartitions: 1 }]);
      const read = new Set<number>();
      const errors: unknown[] = [];
      const stop = new AbortController();
      const options = {
        group: uniqueName('readers'),
        topics: [topic],
        onError: (error: unknown) => errors.push(error),
        signal: stop.signal,
      };
      const consuming = testClient(bootstrap).consume(options, async ({ partition, messages, commit }) => {
        read.add(partition);
        await commit(messages.at(-1)!.offset);
      });
      const producer = testClient(bootstrap).producer();
      await producer.send(topic, [binaryMessage({ data: 1 })]);
      await until(() => read.size === 1);

      await admin.createPartitions({ topicPartitions: [{ topic, count: NEW_PARTITIONS }] });
      await until(async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics[0]!.partitions.length === NEW_PARTITIONS;
      });
      // The client compares the age of what it knows with this clock.
      const { now } = Date;
      jest.spyOn(Date, 'now').mockImplementation(() => now() + NOTICED_WITHIN_MS);
      // By then the producer knows them too, and its keys reach each of them.
      const messages = Array.from({ length: 40 }, (_, n) => binaryMessage({ data: n }, `key-${n}`));
      await producer.send(topic, messages);
      await until(() => read.size === NEW_PARTITIONS);
      expect([...read].sort()).toEqual([0, 1, 2]);
      expect(errors).toEqual([]);

      stop.abort();
      await Promise.all([consuming, producer.close(), admin.disconnect()]);
    },
    KAFKA_START_MS,
  );
});

describeWithKafka('createTopics', () => {
  it(
    'returns once the topics can be used, also if many are created at once',
    async () => {
      const admin = await kafkaAdmin(await kafkaBroker());
      const topics = Array.from({ length: 40 }, () => ({ topic: uniqueName('new'), numPartitions: 4 }));
      await Promise.all(topics.map((topic) => createTopics(admin, [topic])));
      const { topics: known } = await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
      expect(known.map(({ partitions }) => partitions.length)).toEqual(
        topics.map(({ numPartitions }) => numPartitions),
      );
      await admin.disconnect();
    },
    KAFKA_START_MS,
  );
});
