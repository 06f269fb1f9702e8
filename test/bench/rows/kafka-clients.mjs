import { Consumer, ProduceAcks, Producer } from '@platformatic/kafka';
import { cloudEvents, imageTraffic } from '../image-traffic.mjs';
import { startBenchBroker, withoutBroker } from '../kafka-broker.mjs';
import { alternate, compare, rateOf } from '../measure.mjs';

const BATCH = 500;
const TOPIC = 'bench.clients';

export const name = 'kafka-clients';
export const budget = 'kafkajs beside @platformatic/kafka; no budget';
export const skip = withoutBroker;

const KAFKAJS = 'kafkajs';
const PLATFORMATIC = '@platformatic/kafka';

export async function run({ rounds, eventsPerRound, log }) {
  const broker = await startBenchBroker();
  await broker.client.ensureTopics([TOPIC]);
  const batches = Math.ceil(eventsPerRound / BATCH);
  const traffic = imageTraffic();
  const values = () =>
    Array.from({ length: batches }, () =>
      cloudEvents(traffic.take(BATCH)).map((event) => [`image-${event.data.imageId}`, JSON.stringify(event)]),
    );
  try {
    const produced = await alternate(
      [producing(KAFKAJS, values, kafkajsProducer(broker)), producing(PLATFORMATIC, values, otherProducer(broker))],
      rounds,
      log,
    );
    const count = batches * BATCH;
    const consumed = await alternate(
      [consuming(KAFKAJS, count, consumeByKafkajs(broker)), consuming(PLATFORMATIC, count, consumeByOther(broker))],
      rounds,
      log,
    );
    return [
      measure('produce, acks of all', produced, `batches of ${BATCH}, one in flight`),
      measure('consume from the beginning', consumed, `${count} messages in 4 partitions, a new group each time`),
    ];
  } finally {
    await broker.stop();
  }
}

function measure(what, rates, conditions) {
  const { spread, ...compared } = compare(rates, KAFKAJS, PLATFORMATIC);
  return { what, budget: '-', unit: 'messages/s', ...compared, met: undefined, detail: `${spread}; ${conditions}` };
}

const producing = (name, values, open) => ({
  name,
  async run() {
    const batches = values();
    const { send, close } = open();
    await send([['warm', 'up']]); // connects
    const rate = await rateOf(batches.length * BATCH, async () => {
      for (const batch of batches) await send(batch);
    });
    await close();
    return rate;
  },
});

const kafkajsProducer = (broker) => () => {
  const producer = broker.client.producer();
  const message = ([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value), headers: [] });
  return { send: (batch) => producer.send(TOPIC, batch.map(message)), close: () => producer.close() };
};

const otherProducer = (broker) => () => {
  const producer = new Producer({
    clientId: 'bench',
    bootstrapBrokers: [broker.bootstrap],
    idempotent: true,
    acks: ProduceAcks.ALL,
  });
  const message = ([key, value]) => ({ topic: TOPIC, key: Buffer.from(key), value: Buffer.from(value) });
  return { send: (batch) => producer.send({ messages: batch.map(message) }), close: () => producer.close() };
};

let group = 0;

const consuming = (name, count, consume) => ({
  name,
  run: () => rateOf(count, () => consume(count, `bench-${name.replace(/\W/g, '')}-${++group}`)),
});

const consumeByKafkajs = (broker) => async (count, groupId) => {
  const stop = new AbortController();
  let read = 0;
  const options = { group: groupId, topics: [TOPIC], onError: console.error, signal: stop.signal };
  await broker.client.consume(options, async ({ messages, commit }) => {
    read += messages.length;
    await commit(messages.at(-1).offset);
    if (read >= count) stop.abort();
  });
};

const consumeByOther = (broker) => async (count, groupId) => {
  const consumer = new Consumer({ groupId, clientId: 'bench', bootstrapBrokers: [broker.bootstrap] });
  const stream = await consumer.consume({ topics: [TOPIC], mode: 'earliest', autocommit: false });
  let read = 0;
  for await (const message of stream) {
    read += 1;
    if (read % BATCH === 0) await message.commit();
    if (read >= count) break;
  }
  await stream.close();
  await consumer.close();
};
