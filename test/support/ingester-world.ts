import { type EventStore } from '../../libs/event-store/event-store.js';
import { Ingester, type IngesterReport } from '../../libs/ingest/kafka/ingester.js';
import type { Quarantine } from '../../libs/ingest/quarantine.js';
import { createTopics } from '../../libs/kafka/create-topics.js';
import type { Message, MessageBroker } from '../../libs/kafka/message-broker.js';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { openIngestWorld } from '../contract/ingest-world.js';
import { kafkaBroker, testClient, uniqueName } from './kafka.js';
import { kafkaAdmin } from './kafka-admin.js';

export interface StartedWith {
  store?: EventStore;
  signal?: AbortSignal;
  broker?: MessageBroker;
  quarantine?: Quarantine;
  report?: IngesterReport;
  typesOf?: ReadonlyMap<string, readonly string[]>;
}

export type IngesterWorld = Awaited<ReturnType<typeof openIngesterWorld>>;

/** Ingesters on a real broker and a real log. */
export async function openIngesterWorld() {
  const [world, bootstrap] = await Promise.all([openIngestWorld(), kafkaBroker()]);
  const admin = await kafkaAdmin(bootstrap);
  const stops: (() => Promise<void>)[] = [];

  /** A topic with its own group and quarantine; ingesters of it are stopped by `stop`. */
  async function newTopic(partitions = 1) {
    const topic = uniqueName('facts');
    const group = uniqueName('ingesters');
    const quarantineTopic = uniqueName('quarantine');
    await createTopics(admin, [{ topic, numPartitions: partitions }]);
    const producer = testClient(bootstrap).producer();
    const running: Promise<void>[] = [];
    const aborting = new AbortController();
    const stop = async () => {
      aborting.abort();
      await Promise.all(running);
      await producer.close();
    };
    stops.push(stop);
    return {
      topic,
      group,
      quarantineTopic,
      send: (messages: readonly Message[]) => producer.send(topic, messages),
      start({
        store = world.store,
        signal = aborting.signal,
        broker = testClient(bootstrap),
        quarantine = world.quarantine,
        report,
        typesOf,
      }: StartedWith = {}) {
        const options = { group, topics: [topic], quarantineTopic, ...(typesOf && { typesOf }) };
        const ingester = new Ingester(broker, world.gatewayOn(store), quarantine, options, report);
        running.push(ingester.run(signal));
        return running.at(-1)!;
      },
      /** The committed offset of the group for each partition. */
      async committed(): Promise<number[]> {
        const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] }).catch((error) => {
          if (error.retriable) return []; // the broker has not loaded its groups yet
          throw error;
        });
        return (offsets?.partitions ?? [])
          .sort((a, b) => a.partition - b.partition)
          .map(({ offset }) => Number(offset));
      },
      /** The quarantined messages of the topic. */
      async quarantined() {
        return (await world.quarantine.list('waiting', 500)).filter(({ channel }) => channel === `kafka:${topic}`);
      },
      stop,
    };
  }

  return {
    world,
    bootstrap,
    admin,
    newTopic,
    async stopAll() {
      for (const stop of stops.splice(0)) await stop();
    },
    async close() {
      await admin.disconnect();
      await world.close();
    },
  };
}

export const storeWith = (store: EventStore, append: EventStore['append']): EventStore =>
  Object.assign(Object.create(store) as EventStore, { append });

/** A promise that is resolved from outside. */
export function latch() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** A store whose n-th append waits at a gate, as do all after it. */
export function gateBefore(store: EventStore, nth: number) {
  let count = 0;
  let failed = false;
  const gate = latch();
  const reached = latch();
  return {
    reached: reached.opened,
    open: gate.open,
    fail() {
      failed = true;
      gate.open();
    },
    store: storeWith(store, async (writes) => {
      if (++count >= nth) {
        reached.open();
        await gate.opened;
        if (failed) throw new StoreUnavailable('gone');
      }
      return store.append(writes);
    }),
  };
}
