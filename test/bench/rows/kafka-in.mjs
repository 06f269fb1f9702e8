import { setTimeout as sleep } from 'node:timers/promises';
import { cloudEvents, imageTraffic } from '../image-traffic.mjs';
import { startBenchBroker, withoutBroker } from '../kafka-broker.mjs';
import { alternate, compare, inFlight, rateOf } from '../measure.mjs';
import { batchRequest, post } from '../posting.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';

const BATCH = 500;
const SENDING = 4;
const CONNECTIONS = 8;
const LEAST_OF_HTTP = 0.8;
const FACTS = 'bench.facts';
const ASK_EVERY_MS = 20;

export const name = 'kafka-in';
export const budget = `Kafka to visible: >= ${LEAST_OF_HTTP} x the HTTP figure`;
export const skip = withoutBroker;

const KAFKA = 'over Kafka';
const HTTP = 'over HTTP';

export async function run({ server, rounds, ingestEvents, profile, log }) {
  const batches = Math.ceil(ingestEvents / rounds / BATCH);
  const broker = await startBenchBroker();
  const database = await server.createGatehouseDatabase('kafka_in');
  const httpDatabase = await server.createGatehouseDatabase('kafka_in_http');
  const onBroker = (topic) => ({
    GATEHOUSE_KAFKA_BROKERS: broker.bootstrap,
    GATEHOUSE_KAFKA_GROUP: topic,
    GATEHOUSE_KAFKA_FACTS_TOPIC: topic,
    GATEHOUSE_KAFKA_EVENTS_TOPIC: `${topic}.out`,
  });
  const overKafka = await startStandalone({ ...onDatabase(database.connection), ...onBroker(FACTS) }, profile);
  const overHttp = await startStandalone({ ...onDatabase(httpDatabase.connection), ...onBroker('bench.http') });
  const producer = broker.client.producer();
  try {
    const rates = await alternate(
      [kafkaContender(overKafka, producer, batches), httpContender(overHttp, batches)],
      rounds,
      log,
    );
    const { spread, ...compared } = compare(rates, KAFKA, HTTP);
    return [
      {
        what: 'Kafka to visible, all views',
        budget: `>= ${LEAST_OF_HTTP} x`,
        unit: 'events/s',
        ...compared,
        met: compared.ratio >= LEAST_OF_HTTP,
        detail: `${spread}; a local broker in its own process, 4 partitions, ${batches * BATCH} events a round, both publish all of it to a topic too`,
      },
    ];
  } finally {
    await producer.close();
    await overKafka.stop();
    await overHttp.stop();
    await broker.stop();
    await database.drop();
    await httpDatabase.drop();
  }
}

function kafkaContender(standalone, producer, batches) {
  const traffic = imageTraffic();
  let sent = 0;
  return {
    name: KAFKA,
    async run() {
      const work = Array.from({ length: batches }, () => cloudEvents(traffic.take(BATCH)).map(messageOf));
      sent += batches * BATCH;
      await standalone.caughtUp();
      return rateOf(batches * BATCH, async () => {
        await inFlight(batches, SENDING, (n) => producer.send(FACTS, work[n]));
        while ((await accepted(standalone)) < sent) await sleep(ASK_EVERY_MS);
        await viewsCaughtUp(standalone);
      });
    },
  };
}

function httpContender(standalone, batches) {
  const traffic = imageTraffic();
  return {
    name: HTTP,
    async run() {
      const requests = Array.from({ length: batches }, () => batchRequest(standalone.token, traffic.take(BATCH)));
      await standalone.caughtUp();
      return rateOf(batches * BATCH, async () => {
        await post(standalone, CONNECTIONS, BATCH, () => requests.shift());
        await viewsCaughtUp(standalone);
      });
    },
  };
}

async function accepted(standalone) {
  const text = await standalone.text('/metrics');
  const counts = [...text.matchAll(/^gatehouse_ingester_received_events_total\{outcome="(\w+)"\} (\d+)$/gm)];
  const strange = counts.filter(([, outcome]) => outcome !== 'accepted');
  if (strange.length > 0) throw new Error(`not every event was accepted: ${strange.map(([line]) => line)}`);
  return Number(counts[0]?.[2] ?? 0);
}

/** Without the publisher, which has its own budget. */
const viewsCaughtUp = (standalone) => standalone.caughtUp((name) => name !== 'publisher');

/** Like an image service: structured mode, the image as the key. */
const messageOf = (event) => ({
  key: Buffer.from(`image-${event.data.imageId}`),
  value: Buffer.from(JSON.stringify(event)),
  headers: [['content-type', Buffer.from('application/cloudevents+json')]],
});
