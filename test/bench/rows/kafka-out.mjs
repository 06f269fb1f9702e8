import pg from 'pg';
import { catalogue } from '../../../dist/apps/composition/catalogue.js';
import { PostgresEventStore } from '../../../dist/libs/event-store/postgres/postgres-event-store.js';
import { EventSchemas } from '../../../dist/libs/events/event-schemas.js';
import { Publisher } from '../../../dist/libs/publish/kafka/publisher.js';
import { LockSession } from '../../../dist/libs/subscriptions/lock-session.js';
import { LogTail } from '../../../dist/libs/subscriptions/log-tail.js';
import { bodyOf, expectStatus, openConnection, requestBytes } from '../http-connection.mjs';
import { imageTraffic } from '../image-traffic.mjs';
import { startBenchBroker, withoutBroker } from '../kafka-broker.mjs';
import { loadFacts } from '../loading.mjs';
import { alternate, compare } from '../measure.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';

const PAGE = 1_000;

export const name = 'kafka-out';
export const budget = 'log to topic, beside the feed over HTTP; no budget';
export const skip = withoutBroker;

const KAFKA = 'to Kafka';
const FEED = 'feed over HTTP';

export async function run({ server, rounds, eventsPerRound, log }) {
  const broker = await startBenchBroker();
  const database = await server.createGatehouseDatabase('kafka_out');
  await loadFacts(database.connection, imageTraffic(), eventsPerRound);
  const standalone = await startStandalone(onDatabase(database.connection));
  try {
    await standalone.caughtUp();
    const contenders = [publishing(database.connection, broker.client), reading(standalone)];
    const rates = await alternate(contenders, rounds, log);
    const { spread, ...compared } = compare(rates, KAFKA, FEED);
    return [
      {
        what: 'log to topic, one publisher',
        budget: '-',
        unit: 'events/s',
        ...compared,
        met: undefined,
        detail: `${spread}; ${eventsPerRound} facts in the log, acks of all, 4 partitions; the feed in pages of ${PAGE} over one connection`,
      },
    ];
  } finally {
    await standalone.stop();
    await broker.stop();
    await database.drop();
  }
}

/** The publisher as in its process, from the start of the log each time. */
function publishing(connection, client) {
  const schemas = new EventSchemas(catalogue.events);
  let round = 0;
  return {
    name: KAFKA,
    async run() {
      const pool = new pg.Pool({ ...connection, max: 2 });
      const store = new PostgresEventStore(connection);
      const locks = new LockSession(connection);
      const topic = `bench.out.${++round}`;
      await client.ensureTopics([topic]);
      await pool.query(`DELETE FROM projections.checkpoints WHERE follower = 'publisher'`);
      let sent = 0;
      const publisher = new Publisher(pool, new LogTail(store), schemas, locks, client, topic, {
        published: (events) => {
          sent += events.length;
        },
      });
      const started = performance.now();
      await publisher.processAll();
      const rate = (sent * 1000) / (performance.now() - started);
      await publisher.run(AbortSignal.abort());
      await locks.close();
      await store.close();
      await pool.end();
      return rate;
    },
  };
}

function reading({ url, token }) {
  return {
    name: FEED,
    async run() {
      const connection = await openConnection(url);
      let read = 0;
      const started = performance.now();
      for (let after = '0', atHead = false; !atHead; ) {
        const request = requestBytes('GET', `/v1/events?after=${after}&limit=${PAGE}`, { token });
        const page = JSON.parse(bodyOf(expectStatus(await connection.ask(request), 200)));
        read += page.events.length;
        ({ next: after, atHead } = page);
      }
      connection.close();
      return (read * 1000) / (performance.now() - started);
    },
  };
}
