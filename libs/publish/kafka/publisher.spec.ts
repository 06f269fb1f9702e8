import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type IngestWorld, ingestContext, newSender, openIngestWorld } from '../../../test/contract/ingest-world.js';
import { latch } from '../../../test/support/ingester-world.js';
import {
  describeWithKafka,
  headersOf,
  KAFKA_START_MS,
  kafkaBroker,
  type ReadMessage,
  readTopic,
  testClient,
  uniqueName,
} from '../../../test/support/kafka.js';
import { wholeLog } from '../../../test/support/whole-log.js';
import { messageOf } from '../../kafka/binding.js';
import type { MessageBroker, MessageProducer } from '../../kafka/message-broker.js';
import { LockSession } from '../../subscriptions/lock-session.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { toCloudEvent } from '../outgoing-event.js';
import { Publisher } from './publisher.js';

const EPOCH = '9c1f03ab55d2';

describeWithKafka('The publisher', () => {
  let world: IngestWorld;
  let bootstrap: string;
  let topic: string;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    [world, bootstrap] = await Promise.all([openIngestWorld(), kafkaBroker()]);
  }, KAFKA_START_MS);
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    topic = uniqueName('events');
    await world.pool.query('DELETE FROM projections.checkpoints');
    await testClient(bootstrap).ensureTopics([topic]);
  });

  /** The positions that publishers report. */
  const reported = { to: 0, more: () => {} };

  /** Starts a publisher like a process does; `stop` ends it in an orderly way. */
  function newPublisher(broker: MessageBroker = testClient(bootstrap)) {
    const locks = new LockSession(world.connection);
    const aborting = new AbortController();
    const publisher = new Publisher(
      world.pool,
      new LogTail(world.store),
      world.schemas,
      { current: EPOCH },
      locks,
      broker,
      topic,
      {
        published: (_, to) => {
          reported.to = to;
          reported.more();
        },
      },
    );
    let running: Promise<void> | undefined;
    const stop = async () => {
      aborting.abort();
      running ??= publisher.run(aborting.signal);
      await running;
      await locks.close();
    };
    stops.push(stop);
    return {
      start() {
        running = publisher.run(aborting.signal);
      },
      stop,
      processAll: () => publisher.processAll(),
    };
  }

  const checkpoint = async (): Promise<number> => {
    const { rows } = await world.pool.query(
      `SELECT position FROM projections.checkpoints WHERE follower = 'publisher'`,
    );
    return Number(rows[0]?.position ?? 0);
  };
  const published = async (): Promise<void> => {
    const head = await world.store.head();
    while (reported.to < head) await new Promise<void>((resolve) => Object.assign(reported, { more: resolve }));
  };
  /** The public events of the log, as the topic must have them. */
  const expected = async () => {
    const events = await wholeLog(world.store, world.schemas.publishedTypes);
    return events.map((event) => toCloudEvent(event, world.schemas, EPOCH));
  };
  const read = (count: number) => readTopic(bootstrap, topic, ({ length }) => length >= count);
  const positions = (messages: readonly ReadMessage[]) =>
    messages.map((message) => Number(headersOf(message).gatehouse_position)).sort((a, b) => a - b);

  it('publishes every public event and no other, in the binding’s form and in order per subject', async () => {
    const { fact, deactivation } = newSender(world.store);
    const facts = Array.from({ length: 1_500 }, (_, n) =>
      fact(n % 300, n < 300 ? 'ImageGenerated' : 'ImageDownloaded'),
    );
    await world.gateways[0].accept([...facts.slice(0, 900), deactivation('d-1', 1)], ingestContext, 'http');
    const publisher = newPublisher();
    await publisher.processAll();
    await publisher.processAll();
    await publisher.stop();

    const events = await expected();
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['ImageGenerated', 'AccountDeactivated']));
    const messages = await read(events.length);
    expect(positions(messages)).toEqual(events.map(({ position }) => Number(position)));
    const byId = new Map(messages.map((message) => [headersOf(message).ce_id, message]));
    for (const event of events) {
      const { key, value, headers } = byId.get(event.id)!;
      expect({ key, value, headers }).toEqual(messageOf(event));
    }
    expect([...byId.values()].every(({ value }) => !value!.toString().includes('sealed:'))).toBe(true);
    inOrderBySubject(messages);
  });

  it('repeats events only after a crash, and skips none', async () => {
    const { fact } = newSender(world.store);
    await world.gateways[0].accept(
      Array.from({ length: 900 }, (_, n) => fact(n)),
      ingestContext,
      'http',
    );
    const events = await expected();
    let sends = 0;
    const unsure = brokerWith(testClient(bootstrap), async (send) => {
      await send();
      if ([1, 3].includes(++sends)) throw new Error('the answer is lost');
    });
    const crashing = newPublisher(unsure);
    await expect(crashing.processAll()).rejects.toThrow('the answer is lost');
    expect(await checkpoint()).toBe(0);
    await crashing.stop();

    const next = newPublisher(unsure);
    next.start();
    await published();
    await next.stop();
    const messages = await read(events.length + 1);
    expect([...new Set(positions(messages))]).toEqual(events.map(({ position }) => Number(position)));
    expect(messages.length).toBeGreaterThan(events.length);
  });

  it('moves its checkpoint only once the broker has the events', async () => {
    const { fact } = newSender(world.store);
    await world.gateways[0].accept([fact(1)], ingestContext, 'http');
    const [reached, released] = [latch(), latch()];
    const publisher = newPublisher(
      brokerWith(testClient(bootstrap), async (send) => {
        reached.open();
        await released.opened;
        await send();
      }),
    );
    publisher.start();
    await reached.opened;
    expect(await checkpoint()).toBe(0);
    released.open();
    await published();
    await publisher.stop();
  });

  it('stops when its signal aborts, even if no broker is reachable', async () => {
    const { fact } = newSender(world.store);
    await world.gateways[0].accept([fact(1)], ingestContext, 'http');
    const sending = latch();
    let sends = 0;
    const away = brokerWith(testClient('127.0.0.1:1'), (send) => {
      sends += 1;
      sending.open();
      return send();
    });
    const publisher = newPublisher(away);
    publisher.start();
    await sending.opened;
    const before = sends;
    await publisher.stop(); // only the client's own attempts for one send end after the signal
    expect(sends).toBe(before);
    expect(await checkpoint()).toBe(0);
  });

  it('runs in one process at a time, and the next one resumes from the checkpoint', async () => {
    const { fact } = newSender(world.store);
    const publishers = [newPublisher(), newPublisher()];
    for (const publisher of publishers) publisher.start();
    for (let n = 0; n < 5; n++) await world.gateways[0].accept([fact(n)], ingestContext, 'http');
    await published();
    await publishers[0]!.stop();
    for (let n = 5; n < 10; n++) await world.gateways[0].accept([fact(n)], ingestContext, 'http');
    await published();
    await publishers[1]!.stop();
    const events = await expected();
    expect(positions(await read(events.length))).toEqual(events.map(({ position }) => Number(position)));
  });
});

function inOrderBySubject(messages: readonly ReadMessage[]): void {
  const last = new Map<string, { partition: number; position: number }>();
  for (const message of messages) {
    const subject = message.key!.toString();
    const position = Number(headersOf(message).gatehouse_position);
    const before = last.get(subject);
    if (before) {
      expect(before.partition).toBe(message.partition);
      expect(before.position).toBeLessThan(position);
    }
    last.set(subject, { partition: message.partition, position });
  }
}

/** A broker whose producers send through `around`. */
function brokerWith(broker: MessageBroker, around: (send: () => Promise<void>) => Promise<void>): MessageBroker {
  const producer = broker.producer();
  const sending: MessageProducer = {
    send: (topic, messages) => around(() => producer.send(topic, messages)),
    close: () => producer.close(),
  };
  return {
    ensureTopics: (topics) => broker.ensureTopics(topics),
    consume: (...args) => broker.consume(...args),
    producer: () => sending,
    lag: (...args) => broker.lag(...args),
  };
}
