import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { newSender } from '../../../test/contract/ingest-world.js';
import {
  gateBefore,
  type IngesterWorld,
  latch,
  openIngesterWorld,
  storeWith,
} from '../../../test/support/ingester-world.js';
import {
  binaryMessage,
  describeWithKafka,
  headersOf,
  KAFKA_START_MS,
  readTopic,
  testClient,
  uniqueName,
} from '../../../test/support/kafka.js';
import { until } from '../../../test/support/until.js';
import type { EventStore } from '../../event-store/event-store.js';
import { createTopics } from '../../kafka/create-topics.js';
import type { Message, PartitionLag } from '../../kafka/message-broker.js';
import { Ingester } from './ingester.js';

describeWithKafka('The ingester, if something fails,', () => {
  let ingesters: IngesterWorld;
  let newTopic: IngesterWorld['newTopic'];
  let store: EventStore;

  beforeAll(async () => {
    ingesters = await openIngesterWorld();
    ({ newTopic } = ingesters);
    ({ store } = ingesters.world);
  }, KAFKA_START_MS);
  afterEach(() => ingesters.stopAll());
  afterAll(() => ingesters?.close());

  it('blames no message if none can be stored: all wait, and are stored once the cause is fixed', async () => {
    const { fact, stored } = newSender(store);
    const { send, start, stop, committed, quarantined } = await newTopic();
    let fixed = false;
    const refusing = storeWith(store, async (writes) => {
      if (!fixed) throw new Error('the credentials were rotated');
      return store.append(writes);
    });
    const waiting = latch();
    const onError = (error: unknown) => {
      if (/none of 40 .* the credentials were rotated/.test((error as Error).message)) waiting.open();
    };
    await send(Array.from({ length: 40 }, (_, n) => binaryMessage(fact(n))));
    void start({ store: refusing, report: { error: onError } });
    await waiting.opened;
    expect(await quarantined()).toEqual([]);
    fixed = true;
    await until(async () => (await committed())[0] === 40);
    await stop();
    expect(await stored()).toHaveLength(40);
    expect(await quarantined()).toEqual([]);
  });

  it('quarantines a message that can’t be stored once a later one is stored', async () => {
    const { fact, stored } = newSender(store);
    const { send, start, stop, committed, quarantined } = await newTopic();
    const strange = storeWith(store, async (writes) => {
      if (writes.some(({ events }) => events.some(({ data }) => data.imageId === 'img-13'))) throw new TypeError('odd');
      return store.append(writes);
    });
    const waiting = latch();
    await send([binaryMessage(fact(13))]);
    void start({ store: strange, report: { error: () => waiting.open() } });
    await waiting.opened;
    await send([binaryMessage(fact(14))]);
    await until(async () => (await committed())[0] === 2);
    await stop();
    expect(await stored()).toHaveLength(1);
    expect(await quarantined()).toMatchObject([{ reason: 'not-storable', eventId: 'ImageGenerated-13', seen: 1 }]);
  });

  it('keeps messages with invalid headers, with their attributes, headers and bytes', async () => {
    const { fact, source } = newSender(store);
    const { send, start, stop, committed, quarantined } = await newTopic();
    const without = (name: string, { headers, ...message }: Message): Message => {
      return { ...message, headers: headers.filter(([other]) => other !== name) };
    };
    const [first, second, third] = [1, 2, 3].map((n) => ({ ...binaryMessage(fact(n)), value: Buffer.from('{"a":1}') }));
    const broken: Message = { ...third!, headers: [...third!.headers, ['ce_note', Buffer.from([0xff])]] };
    await send([without('ce_specversion', first!), without('ce_specversion', second!), broken]);
    void start();
    await until(async () => (await committed())[0] === 3);
    await stop();
    const entries = (await quarantined()).sort((a, b) => a.eventId!.localeCompare(b.eventId!));
    expect(entries).toMatchObject([
      { eventId: 'ImageGenerated-1', source, type: 'ImageGenerated', reason: 'not-a-cloudevent', seen: 1 },
      { eventId: 'ImageGenerated-2', source, type: 'ImageGenerated', reason: 'not-a-cloudevent', seen: 1 },
      { eventId: 'ImageGenerated-3', source, type: 'ImageGenerated', reason: 'malformed-header', field: 'ce_note' },
    ]);
    const { raw } = await ingesters.world.quarantine.show(entries[2]!.id);
    expect(JSON.parse(raw!.toString())).toEqual({
      key: '',
      value: '{"a":1}',
      headers: [
        ['content-type', 'application/json'],
        ['ce_specversion', '1.0'],
        ['ce_id', 'ImageGenerated-3'],
        ['ce_source', source],
        ['ce_type', 'ImageGenerated'],
        ['ce_note', { base64: '/w==' }],
      ],
    });
  });

  it('continues if the quarantine topic accepts no notice: the table has the entry, seen once', async () => {
    const { fact, stored } = newSender(store);
    const { quarantineTopic, send, start, stop, committed, quarantined } = await newTopic();
    const configEntries = [{ name: 'max.message.bytes', value: '100' }];
    await createTopics(ingesters.admin, [{ topic: quarantineTopic, configEntries }]);
    const errors: string[] = [];
    await send([{ ...binaryMessage(fact(1)), headers: [] }, binaryMessage(fact(2))]);
    void start({ report: { error: (error) => errors.push((error as Error).message) } });
    await until(async () => (await committed())[0] === 2);
    await stop();
    expect(await stored()).toHaveLength(1);
    expect(await quarantined()).toMatchObject([{ reason: 'not-a-cloudevent', seen: 1 }]);
    expect(errors).toEqual([
      expect.stringContaining(`the notices of 1 quarantined messages could not be sent to ${quarantineTopic}`),
    ]);
  });

  describe('if quarantine has no room and its topic accepts no notice,', () => {
    const roomForOne = { sourceBytes: 2_000, totalBytes: Number.POSITIVE_INFINITY };
    const config = (bytes: number) => [{ name: 'max.message.bytes', value: String(bytes) }];

    /** A topic with one accepted message after two rejected ones, of which quarantine has room for the first. */
    async function heldPartition() {
      const { fact, source, stored } = newSender(store);
      const topic = await newTopic();
      await createTopics(ingesters.admin, [{ topic: topic.quarantineTopic, configEntries: config(100) }]);
      const rejected = (n: number) => ({
        ...binaryMessage({ ...fact(n), data: {} }),
        key: Buffer.from(`rejected-${n}`),
      });
      await topic.send([rejected(1), rejected(2), binaryMessage(fact(3))]);
      const held = latch();
      const errors: string[] = [];
      const report = {
        error(error: unknown) {
          errors.push((error as Error).message);
          if (errors.length === 2) held.open();
        },
      };
      void topic.start({ quarantine: ingesters.world.quarantineWith(roomForOne), report });
      await held.opened;
      expect(errors[1]).toMatch(
        `quarantine can't keep 1 rejected messages of ${topic.topic}, since it has no room or its key is damaged, and ` +
          `${topic.quarantineTopic} can't receive their notices, so their partition waits`,
      );
      expect(await topic.committed()).not.toEqual([3]);
      expect(await topic.quarantined()).toMatchObject([{ source, eventId: 'ImageGenerated-1', seen: 1 }]);
      return { ...topic, stored };
    }

    it('holds the partition until the topic accepts notices', async () => {
      const { quarantineTopic, committed, quarantined, stop, stored } = await heldPartition();
      await ingesters.admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: TOPIC_RESOURCE, name: quarantineTopic, configEntries: config(1_000_000) }],
      });
      await until(async () => (await committed())[0] === 3);
      await stop();
      const notices = await readTopic(ingesters.bootstrap, quarantineTopic, ({ length }) => length >= 2);
      const entries = notices.map((notice) => {
        const { gatehouse_quarantine_offset: offset, gatehouse_quarantine_entry: entry } = headersOf(notice);
        return [offset, entry];
      });
      expect(Object.fromEntries(entries)).toEqual({ 0: (await quarantined())[0]!.id, 1: '' });
      expect(await stored()).toHaveLength(1);
    });

    it('holds the partition until quarantine has room', async () => {
      const { committed, quarantined, stop, stored } = await heldPartition();
      await ingesters.world.quarantine.discard((await quarantined())[0]!.id, 'an operator');
      await until(async () => (await committed())[0] === 3);
      await stop();
      expect(await quarantined()).toMatchObject([{ eventId: 'ImageGenerated-2' }]);
      expect(await stored()).toHaveLength(1);
    });
  });

  it('creates its topics once a broker answers that was unreachable at the start', async () => {
    const { fact, stored } = newSender(store);
    const { broker, open, close } = await lateBroker(ingesters.bootstrap);
    const topic = uniqueName('late');
    const stop = new AbortController();
    const away = latch();
    const options = { group: uniqueName('ingesters'), topics: [topic], quarantineTopic: uniqueName('quarantine') };
    const report = { error: () => away.open() };
    const running = new Ingester(
      broker,
      ingesters.world.gatewayOn(store),
      ingesters.world.quarantine,
      options,
      report,
    ).run(stop.signal);
    await away.opened;
    await open();
    await until(async () => (await ingesters.admin.listTopics()).includes(topic));
    const producer = testClient(ingesters.bootstrap).producer();
    await producer.send(topic, [binaryMessage(fact(1))]);
    await until(async () => (await stored()).length === 1);
    stop.abort();
    await Promise.all([running, producer.close(), close()]);
  });

  it('reports the lag of its group in every partition, whichever consumer holds it', async () => {
    const { fact } = newSender(store);
    const { topic, group, send, start, stop, committed } = await newTopic(2);
    const client = testClient(ingesters.bootstrap);
    const lags = async () => (await client.lag(group, [topic])).sort((a, b) => a.partition - b.partition);
    const sum = (all: readonly PartitionLag[]) => all.reduce((total, one) => total + one.lag, 0);
    await send(Array.from({ length: 1_400 }, (_, n) => binaryMessage(fact(n), `image-${n}`)));
    expect(await lags()).toMatchObject([
      { topic, partition: 0 },
      { topic, partition: 1 },
    ]);
    expect(sum(await lags())).toBe(1_400);
    const gate = gateBefore(store, 2);
    const reported: number[] = [];
    const none = latch();
    void start({
      store: gate.store,
      report: {
        lag(partitions) {
          reported.push(sum(partitions!));
          if (reported.at(-1) === 0) none.open();
        },
      },
    });
    await gate.reached;
    await until(async () => (await committed()).some((offset) => offset > 0));
    const done = (await committed()).reduce((total, offset) => total + Math.max(0, offset), 0);
    expect(sum(await lags())).toBe(1_400 - done);
    gate.open();
    await none.opened;
    await stop();
    expect(reported[0]).toBeGreaterThan(0);
  });
});

/** Of the broker's protocol. */
const TOPIC_RESOURCE = 2;

/** A client whose only known broker does not answer before `open`. */
async function lateBroker(bootstrap: string) {
  const [host, port] = bootstrap.split(':') as [string, string];
  const sockets = new Set<Socket>();
  const listen = (at: number) =>
    new Promise<Server>((done) => {
      const server = createServer((socket) => {
        const onward = connect(Number(port), host);
        for (const one of [socket, onward]) {
          sockets.add(one);
          one.on('error', () => {}).on('close', () => socket.destroy() && onward.destroy());
        }
        socket.pipe(onward).pipe(socket);
      }).listen(at, '127.0.0.1', () => done(server));
    });
  const probe = await listen(0);
  const { port: own } = probe.address() as { port: number };
  await new Promise((done) => probe.close(done));
  let server: Server | undefined;
  return {
    broker: testClient(`127.0.0.1:${own}`),
    async open() {
      server = await listen(own);
    },
    async close() {
      server?.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
