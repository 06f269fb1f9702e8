import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { type IngestWorld, newSender } from '../../../test/contract/ingest-world.js';
import { gateBefore, type IngesterWorld, openIngesterWorld, storeWith } from '../../../test/support/ingester-world.js';
import {
  binaryMessage,
  describeWithKafka,
  headersOf,
  KAFKA_START_MS,
  readTopic,
  structuredMessage,
} from '../../../test/support/kafka.js';
import { until } from '../../../test/support/until.js';
import type { Message } from '../../kafka/message-broker.js';
import { StoreUnavailable } from '../../kernel/errors.js';

describeWithKafka('The ingester', () => {
  let ingesters: IngesterWorld;
  let newTopic: IngesterWorld['newTopic'];
  let world: IngestWorld;
  let bootstrap: string;
  let admin: IngesterWorld['admin'];

  beforeAll(async () => {
    ingesters = await openIngesterWorld();
    ({ newTopic, world, bootstrap, admin } = ingesters);
  }, KAFKA_START_MS);
  afterEach(() => ingesters.stopAll());
  afterAll(() => ingesters?.close());

  it('stores facts of both modes in the lane of their partition, each with its offset', async () => {
    const { fact, stored } = newSender(world.store);
    const { topic, send, start, stop, committed } = await newTopic();
    await send([binaryMessage(fact(1)), structuredMessage(fact(2)), binaryMessage(fact(3, 'ContentFlagged'))]);
    void start();
    await until(async () => (await committed())[0] === 3);
    await stop();
    const actor = { kind: 'service', id: topic };
    expect(
      (await stored()).map(({ stream, metadata: { partition, offset, actor } }) => [stream, partition, offset, actor]),
    ).toEqual([
      [`facts-${topic}-0`, 0, '0', actor],
      [`facts-${topic}-0`, 0, '1', actor],
      [`facts-${topic}-0`, 0, '2', actor],
    ]);
  });

  it('stores a repeated event once, even if the whole topic is read again', async () => {
    const { fact, deactivation, stored } = newSender(world.store);
    const { group, send, start, stop, committed } = await newTopic();
    const batch = [...Array.from({ length: 700 }, (_, n) => fact(n)), deactivation('d-1', 1)].map((one) =>
      binaryMessage(one),
    );
    await send([...batch, ...batch]);
    const once = new AbortController();
    const first = start({ signal: once.signal });
    await until(async () => (await committed())[0] === 1_402);
    once.abort();
    await first;
    expect(await stored()).toHaveLength(701);

    await admin.deleteGroups([group]);
    await send([binaryMessage(fact(700))]);
    void start();
    await until(async () => (await committed())[0] === 1_403);
    await stop();
    expect((await stored()).filter(({ type }) => type === 'ImageGenerated')).toHaveLength(701);
    expect(await stored()).toHaveLength(702);
  });

  it('commits an offset only once everything up to it is stored, and resumes from there after a crash', async () => {
    const { fact, stored } = newSender(world.store);
    const { send, start, stop, committed } = await newTopic();
    await send(Array.from({ length: 1_200 }, (_, n) => binaryMessage(fact(n))));
    const gate = gateBefore(world.store, 2);
    const crash = new AbortController();
    const crashed = start({ store: gate.store, signal: crash.signal });
    await gate.reached;
    await until(async () => (await committed())[0] === 500);
    expect(await stored()).toHaveLength(500);
    crash.abort();
    gate.fail();
    await crashed;
    expect(await committed()).toEqual([500]);

    void start();
    await until(async () => (await committed())[0] === 1_200);
    await stop();
    expect((await stored()).map(({ metadata }) => Number(metadata.offset))).toEqual(
      Array.from({ length: 1_200 }, (_, n) => n),
    );
  });

  it('stores everything once if a second ingester joins in the middle of a batch', async () => {
    const { fact, stored } = newSender(world.store);
    const { group, send, start, stop, committed } = await newTopic(4);
    await send(Array.from({ length: 4_000 }, (_, n) => binaryMessage(fact(n), `image-${n}`)));
    const gate = gateBefore(world.store, 3);
    void start({ store: gate.store });
    await gate.reached;
    void start();
    await until(async () => (await admin.describeGroups([group])).groups[0]!.state === 'PreparingRebalance');
    gate.open();
    await until(async () => (await committed()).reduce((sum, offset) => sum + offset) === 4_000);
    await until(async () => (await admin.describeGroups([group])).groups[0]!.members.length === 2);
    await stop();
    const ids = (await stored()).map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([4_000, 4_000]);
  });

  it('waits while the store is unreachable, then resumes and stores nothing twice', async () => {
    const { fact, stored } = newSender(world.store);
    const { send, start, stop, committed } = await newTopic();
    let faults = 8;
    const unsure = storeWith(world.store, async (writes) => {
      const results = await world.store.append(writes);
      if (faults-- > 0) throw new StoreUnavailable('the answer is lost');
      return results;
    });
    const errors: unknown[] = [];
    await send(Array.from({ length: 20 }, (_, n) => binaryMessage(fact(n))));
    void start({ store: unsure, report: { error: (error) => errors.push(error) } });
    await until(async () => (await committed())[0] === 20);
    await stop();
    expect(await stored()).toHaveLength(20);
    expect(errors.length).toBeGreaterThan(0);
  });

  it('keeps a rejected message, with bytes and reason, puts a notice into its topic, and stores the others', async () => {
    const { fact, event, stored, source } = newSender(world.store);
    const { topic, quarantineTopic, send, start, stop, committed } = await newTopic();
    const structured = (value: string | Buffer): Message => ({ ...structuredMessage({}), value: Buffer.from(value) });
    const deep = `{"specversion":"1.0","data":${'[{"a":'.repeat(20_000)}1${'}]'.repeat(20_000)}}`;
    const poison: [reason: string, message: Message][] = [
      [
        'not-a-cloudevent',
        { key: Buffer.from('k'), value: Buffer.from('hello'), headers: [['trace', Buffer.from([0xff])]] },
      ],
      ['not-a-cloudevent', { key: null, value: null, headers: [] }],
      ['malformed-json', structured('{"id":')],
      ['malformed-json', structured(Buffer.from([0xff, 0x00]))],
      ['not-a-cloudevent', structured('[]')],
      ['missing-attribute', structured(deep)],
      ['unknown-type', binaryMessage({ ...fact(1), type: 'Unheard' })],
      ['unknown-version', binaryMessage({ ...fact(1), schemaversion: '99' })],
      ['invalid-data', binaryMessage({ ...fact(1), data: { imageId: 'a b' } })],
      ['invalid-data', { ...binaryMessage(fact(1)), value: Buffer.from('{"imageId"') }],
      ['case-unknown', structuredMessage(event('ReviewConfirmed', 'r-1', {}))],
    ];
    await send([binaryMessage(fact(1)), ...poison.flatMap(([, message], n) => [message, binaryMessage(fact(n + 2))])]);
    const unsent: string[] = [];
    const error = (one: unknown) => {
      if (/the notices of .* could not be sent/.test((one as Error).message)) unsent.push((one as Error).message);
    };
    void start({ report: { error } });
    await until(async () => (await committed())[0] === 2 * poison.length + 1);
    expect(unsent).toEqual([]);
    const notices = await readTopic(bootstrap, quarantineTopic, ({ length }) => length >= poison.length);
    await stop();

    expect(await stored()).toHaveLength(poison.length + 1);
    const byOffset = notices.sort(
      (a, b) => Number(headersOf(a).gatehouse_quarantine_offset) - Number(headersOf(b).gatehouse_quarantine_offset),
    );
    expect(byOffset.map((notice) => headersOf(notice).gatehouse_quarantine_reason)).toEqual(
      poison.map(([reason]) => reason),
    );
    for (const [n, notice] of byOffset.entries()) {
      expect([notice.key, notice.value?.length ?? 0]).toEqual([null, 0]);
      const why = headersOf(notice);
      expect(why).toMatchObject({ gatehouse_quarantine_topic: topic, gatehouse_quarantine_partition: '0' });
      const entry = await world.quarantine.show(why.gatehouse_quarantine_entry!);
      expect(entry).toMatchObject({
        reason: poison[n]![0],
        channel: `kafka:${topic}`,
        actor: topic,
        status: 'waiting',
      });
    }
    const unheard = await world.quarantine.show(headersOf(byOffset[6]!).gatehouse_quarantine_entry!);
    expect(JSON.parse(unheard.raw!.toString())).toMatchObject({ ...fact(1), type: 'Unheard', source });
    expect(unheard).toMatchObject({ eventId: 'ImageGenerated-1', type: 'Unheard', source });
  });

  it('quarantines an event of a type that its topic may not carry', async () => {
    const { fact, deactivation, stored } = newSender(world.store);
    const { topic, send, start, stop, committed, quarantined } = await newTopic();
    await send([binaryMessage(fact(1)), binaryMessage(deactivation('d-1', 1)), binaryMessage(fact(2, 'ImageShared'))]);
    void start({ typesOf: new Map([[topic, ['ImageGenerated', 'ImageShared']]]) });
    await until(async () => (await committed())[0] === 3);
    await stop();
    expect((await stored()).map(({ type }) => type)).toEqual(['ImageGenerated', 'ImageShared']);
    const detail = expect.stringMatching(new RegExp(`topic ${topic} .* GATEHOUSE_KAFKA_TOPIC_TYPES`));
    expect(await quarantined()).toMatchObject([{ reason: 'type-not-allowed', type: 'AccountDeactivated', detail }]);
  });

  it('delays no other event because of one unexpected error', async () => {
    const { fact, stored } = newSender(world.store);
    const { send, start, stop, committed, quarantined } = await newTopic();
    const strange = storeWith(world.store, async (writes) => {
      const poisoned = writes.some(({ events }) => events.some(({ data }) => data.imageId === 'img-13'));
      if (poisoned) throw new TypeError('nobody foresaw this');
      return world.store.append(writes);
    });
    await send(Array.from({ length: 40 }, (_, n) => binaryMessage(fact(n))));
    void start({ store: strange });
    await until(async () => (await committed())[0] === 40);
    await stop();
    expect(await stored()).toHaveLength(39);
    expect(await quarantined()).toMatchObject([
      {
        reason: 'not-storable',
        eventId: 'ImageGenerated-13',
        detail: expect.stringMatching(/nobody foresaw/),
      },
    ]);
  });
});
