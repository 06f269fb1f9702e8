import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { senderEventId } from '../../libs/event-store/event-identity.js';
import { Ingester } from '../../libs/ingest/kafka/ingester.js';
import { createTopics } from '../../libs/kafka/create-topics.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { Publisher } from '../../libs/publish/kafka/publisher.js';
import { LockSession } from '../../libs/subscriptions/lock-session.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';
import { type IngestWorld, ingestContext, type Json, newSender, openIngestWorld } from '../contract/ingest-world.js';
import { eventsBehind } from '../support/events-behind.js';
import { describeWithKafka, KAFKA_START_MS, kafkaBroker, testClient, uniqueName } from '../support/kafka.js';
import { kafkaAdmin } from '../support/kafka-admin.js';

const EPOCH = '9c1f03ab55d2';
const run = promisify(execFile);

/** A message as kcat's JSON output has it. */
interface Told {
  key: string;
  payload: string;
  /** Names and values in turn. */
  headers: string[];
}

function specs(): void {
  let world: IngestWorld;
  let bootstrap: string;
  let directory: string;

  beforeAll(async () => {
    [world, bootstrap] = await Promise.all([openIngestWorld(), kafkaBroker()]);
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-kcat-'));
  }, KAFKA_START_MS);
  afterAll(async () => {
    await world?.close();
    if (directory) await rm(directory, { recursive: true });
  });

  async function produce(topic: string, key: string, headers: Record<string, string>, value: string | Buffer) {
    const file = join(directory, uniqueName('message'));
    await writeFile(file, value);
    const named = Object.entries(headers).flatMap(([name, header]) => ['-H', `${name}=${header}`]);
    await run('kcat', ['-P', '-b', bootstrap, '-t', topic, '-k', key, ...named, file]);
  }

  /** One batch, which is compressed if it is large enough. */
  async function producePacked(topic: string, compression: string, events: readonly Json[]) {
    const file = join(directory, uniqueName('batch'));
    await writeFile(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const mode = ['-H', 'content-type=application/cloudevents+json', '-z', compression, '-X', 'linger.ms=200'];
    await run('kcat', ['-P', '-b', bootstrap, '-t', topic, ...mode, '-l', file]);
  }

  const consume = (topic: string, form: string[]) =>
    run('kcat', ['-C', '-b', bootstrap, '-t', topic, '-o', 'beginning', '-e', '-q', ...form], {
      encoding: 'buffer',
      maxBuffer: 64 * 1024 * 1024,
    });

  async function ingested(topic: string, stored: () => Promise<RecordedEvent[]>, count: number) {
    const stop = new AbortController();
    const options = { group: uniqueName('kcat'), topics: [topic], quarantineTopic: uniqueName('quarantine') };
    const client = testClient(bootstrap);
    const before = await world.store.head();
    const running = new Ingester(client, world.gateways[0], world.quarantine, options).run(stop.signal);
    await eventsBehind(world.store, before, count);
    stop.abort();
    await running;
    return stored();
  }

  it('sends events in both modes, and they are stored as they were sent', async () => {
    const { fact, source, stored } = newSender(world.store);
    const topic = uniqueName('facts');
    await testClient(bootstrap).ensureTopics([topic]);
    const { data, ...attributes } = fact(1, 'ImageShared') as { data: object; [attribute: string]: unknown };
    const whole: Json = { ...fact(2, 'ImageShared'), time: '2022-05-18T09:00:00+02:00', correlationid: 'grün' };
    const headers = Object.entries(attributes).map(([name, value]) => [`ce_${name}`, String(value)]);
    await produce(
      topic,
      'image-img-1',
      { 'content-type': 'application/json', ...Object.fromEntries(headers), ce_time: '2022-05-18T09:00:00.5Z' },
      JSON.stringify(data),
    );
    await produce(topic, 'image-img-2', { 'content-type': 'application/cloudevents+json' }, JSON.stringify(whole));
    const events = await ingested(topic, stored, 2);
    const byId = new Map(events.map((event) => [event.id, event]));
    expect(byId.get(senderEventId(source, 'ImageShared-1'))).toMatchObject({
      type: 'ImageShared',
      data,
      metadata: { source, subject: 'image-img-1', time: '2022-05-18T09:00:00.500Z', offset: '0' },
    });
    expect(byId.get(senderEventId(source, 'ImageShared-2'))).toMatchObject({
      data: whole.data,
      metadata: { source, subject: 'image-img-2', time: '2022-05-18T07:00:00.000Z', correlationid: 'grün' },
    });
  });

  it('reads published messages, with headers and bytes as the binding defines them', async () => {
    const { event, stored } = newSender(world.store);
    const given = event('ContentFlagged', 'f-1', {
      imageId: 'img-9',
      comment: 'sealed, and never sent',
      categories: ['hate'],
    });
    await world.gateways[0].accept([given], ingestContext, 'http');
    const topic = uniqueName('events');
    const locks = new LockSession(world.connection);
    const publisher = new Publisher(
      world.pool,
      new LogTail(world.store),
      world.schemas,
      { current: EPOCH },
      locks,
      testClient(bootstrap),
      topic,
    );
    await testClient(bootstrap).ensureTopics([topic]);
    await publisher.processAll();
    await publisher.run(AbortSignal.abort());
    await locks.close();

    const [{ id, recordedAt, position, metadata, data }] = (await stored()) as [RecordedEvent];
    const lines = (await consume(topic, ['-J'])).stdout.toString().trim().split('\n');
    const told: Told = lines.map((line) => JSON.parse(line)).find(({ key }) => key === 'image-img-9');
    const { comment, ...open } = data;
    expect(comment).toMatch(/^sealed:/);
    expect(told.payload).toBe(JSON.stringify(open));
    expect(told.headers).toEqual([
      ...['content-type', 'application/json', 'ce_specversion', '1.0', 'ce_id', 'f-1', 'ce_source', metadata.source],
      ...['ce_type', 'ContentFlagged', 'ce_subject', 'image-img-9', 'ce_time', metadata.time],
      ...['ce_schemaversion', '1', 'ce_recordedtime', recordedAt, 'ce_recordid', id],
      ...['ce_correlationid', 'request-1', 'ce_actor', 'service:image-service', 'ce_position', String(position)],
      ...['ce_logepoch', EPOCH, 'gatehouse_position', String(position)],
    ]);
    const bytes = (await consume(topic, ['-f', '%k\n%S\n%s'])).stdout;
    const raw = Buffer.from(JSON.stringify(open));
    expect(bytes.includes(Buffer.concat([Buffer.from(`image-img-9\n${raw.length}\n`), raw]))).toBe(true);
  });

  const packings = ['gzip', 'snappy', 'lz4', 'zstd'];
  /** Of several blocks, with much that repeats and some that does not. */
  const manyEvents = (fact: (n: number) => Json) =>
    Array.from({ length: 1_000 }, (_, n) => ({
      ...fact(n),
      note: createHash('sha256').update(String(n)).digest('hex'),
    }));

  it.each(packings)('sends batches packed with %s', async (compression) => {
    const { fact, stored } = newSender(world.store);
    const topic = uniqueName('packed');
    await testClient(bootstrap).ensureTopics([topic]);
    const events = manyEvents(fact);
    await producePacked(topic, compression, events);
    expect((await ingested(topic, stored, events.length)).length).toBe(events.length);
  });

  it.each(packings)('sends batches that the broker packs anew with %s, as Java does', async (compression) => {
    const { fact, stored } = newSender(world.store);
    const topic = uniqueName('repacked');
    const admin = await kafkaAdmin(bootstrap);
    const configEntries = [{ name: 'compression.type', value: compression }];
    await createTopics(admin, [{ topic, numPartitions: 1, configEntries }]);
    await admin.disconnect();
    const events = manyEvents(fact);
    await producePacked(topic, 'none', events);
    expect((await ingested(topic, stored, events.length)).length).toBe(events.length);
  });
}

describeWithKafka('kcat, a client that shares no code with ours', specs, 'kcat');
