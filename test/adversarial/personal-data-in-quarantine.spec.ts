import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { catalogue } from '../../apps/composition/catalogue.js';
import type { EventDefinition } from '../../libs/events/event-definition.js';
import type { Message } from '../../libs/kafka/message-broker.js';
import { CLOCK_STEP_MS, filesWith, hasText, tablesWith } from '../support/clear-text.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { type IngesterWorld, openIngesterWorld } from '../support/ingester-world.js';
import { describeWithKafka, headersOf, KAFKA_START_MS, readTopic } from '../support/kafka.js';
import { type KeptWriteAheadLog, keepWriteAheadLog } from '../support/write-ahead-log.js';
import { DEFECTS, type Defect, HTTP_FORMS, KAFKA_FORMS, type WrittenEvent } from './event-defects.js';

/** Personal data that a sender puts wherever an event has room for it. */
const MARKER = `lovelace${randomBytes(8).toString('hex')}`;
/** What must be found, so that a search that finds nothing else is not blind. */
const CONTROL = `control${randomBytes(8).toString('hex')}`;

let counter = 0;
/** An event with the marker in every attribute that may be any text, and in its data. */
function markedEvent(type = 'ImageShared', more = ''): WrittenEvent {
  const id = `${MARKER}-${++counter}`;
  return {
    attributes: {
      specversion: '1.0',
      id,
      source: `/${MARKER}`,
      type,
      subject: MARKER,
      dataschema: `https://example.org/${MARKER}`,
      correlationid: MARKER,
      traceparent: MARKER,
      extension: MARKER,
    },
    data: `{"imageId":"${id}","accountId":"${MARKER}"${more}}`,
  };
}

const withAttribute = (name: string, value: string): Defect => ({
  change: ({ attributes, data }) => ({ attributes: { ...attributes, [name]: value }, data }),
});
const withData = (data: string): Defect => ({ change: ({ attributes }) => ({ attributes, data }) });

/** The marker in each place where the check of an event looks first. */
const MARKED: Record<string, Defect> = {
  'marked specversion': withAttribute('specversion', MARKER),
  'marked type': withAttribute('type', MARKER),
  'marked source': withAttribute('source', `no uri ${MARKER}`),
  'marked reserved source': withAttribute('source', `/gatehouse/${MARKER}`),
  'marked time': withAttribute('time', MARKER),
  'marked schemaversion': withAttribute('schemaversion', MARKER),
  'marked datacontenttype': withAttribute('datacontenttype', `text/${MARKER}`),
  'marked correlationid': withAttribute('correlationid', `${MARKER}\u0007`),
  'data that is the marker': withData(`"${MARKER}@example.org"`),
  'a list of markers': withData(`["${MARKER}"]`),
  'a value of another form': withData(`{"imageId":"${MARKER}@example.org","accountId":"a"}`),
  'a value of another type': withData(`{"imageId":["${MARKER}"],"accountId":{"${MARKER}":"${MARKER}"}}`),
  'a member with a forbidden name': withData(`{"imageId":"a","${MARKER}":{"__proto__":"${MARKER}"}}`),
  'a review of an unknown case': {
    change: ({ attributes }) => ({
      attributes: { ...attributes, type: 'ReviewConfirmed' },
      data: `{"caseId":"${MARKER}","imageId":"${MARKER}","accountId":"${MARKER}","categories":[],"reviewers":["${MARKER}"]}`,
    }),
  },
  'an address that names no mailbox': {
    change: ({ attributes }) => ({
      attributes: { ...attributes, type: 'WaitlistJoined' },
      data: `{"accountId":"${MARKER}","email":"\u200b${MARKER}@example.org"}`,
    }),
  },
  ...Object.fromEntries(Object.entries(DEFECTS).filter(([, { reason }]) => reason !== undefined)),
  ...Object.fromEntries(catalogue.incoming.flatMap(markedFields)),
};

/** Of an event type: its example with the marker in every text, and one of its members of another type. */
function markedFields({ type, example }: EventDefinition): [string, Defect][] {
  const marked = Object.fromEntries(
    Object.entries(example as object).map(([name, value]) => [name, typeof value === 'string' ? MARKER : value]),
  );
  return Object.keys(marked).map((name) => {
    const data = JSON.stringify({ ...marked, [name]: { [MARKER]: [MARKER] } });
    return [
      `${name} of ${type}`,
      { change: ({ attributes }) => ({ attributes: { ...attributes, type, id: `${MARKER}-${++counter}` }, data }) },
    ];
  });
}

describe('Personal data in events that are not accepted', () => {
  const startedAt = Date.now() - CLOCK_STEP_MS;
  const lines: string[] = [];
  let gatehouse: TestGatehouse;
  let log: KeptWriteAheadLog;
  let from: string;
  let strict: Client;
  let bound: Client;
  beforeAll(async () => {
    const env = { GATEHOUSE_STRICT_EVENT_DATA: 'on', GATEHOUSE_QUARANTINE_SOURCE_MB: '1' };
    gatehouse = await startGatehouse({ env, logSink: { write: (line) => lines.push(line) } });
    log = await keepWriteAheadLog(gatehouse.database, 'quarantine_markers');
    from = await log.position();
    strict = await gatehouse.as(CONTROL, 'service');
    const { body } = await gatehouse.administrator.post('/v1/tokens', {
      name: 'bound',
      roles: ['service'],
      sources: ['/bound'],
      eventTypes: ['ImageShared'],
    });
    const authorization = `Bearer ${body.secret}`;
    bound = { ...strict, post: (path, event, headers) => strict.post(path, event, { ...headers, authorization }) };
  });
  afterAll(async () => {
    await log.release();
    await gatehouse.close();
  });

  async function send(client: Client, event: WrittenEvent): Promise<void> {
    for (const name of ['application/cloudevents+json', 'binary mode']) {
      const form = HTTP_FORMS[name]!;
      const { body, headers } = form.request([event]);
      const { results, detail } = (await client.post('/v1/events', body, headers)).body;
      expect([name, results?.[0].outcome, detail]).toEqual([name, 'quarantined', undefined]);
      // A rule of the domain names the id that it refuses.
      const isDomains = results[0].reason === 'case-unknown';
      expect([results[0].reason, hasText(results[0].detail, MARKER)]).toEqual([results[0].reason, isDomains]);
    }
  }

  it('stands in clear in no table, file, write-ahead log, log line or metric', async () => {
    for (const { change } of Object.values(MARKED)) await send(strict, change(markedEvent()));
    await send(strict, markedEvent('ImageShared', `,"${MARKER}@example.org":"${MARKER}"`));
    await send(bound, markedEvent());
    await send(bound, withAttribute('source', '/bound').change(markedEvent(MARKER)));
    // The other event with a used id is valid, so only its personal fields may say anything of a person.
    const attributes = { specversion: '1.0', id: 'used', source: '/clean', type: 'ImageGenerated' };
    const generated = (imageId: string, prompt: string) => ({
      attributes,
      data: JSON.stringify({ imageId, accountId: 'a', prompt }),
    });
    const { body: first } = HTTP_FORMS['application/json, one event']!.request([generated('i-1', MARKER)]);
    expect((await strict.post('/v1/events', first)).body.results).toMatchObject([{ outcome: 'accepted' }]);
    await send(strict, generated('i-2', MARKER));

    const { items } = (await gatehouse.administrator.get('/v1/quarantine?limit=500')).body;
    expect(items.length).toBeGreaterThan(Object.keys(MARKED).length);
    expect(items.find(({ reason }: { reason: string }) => reason === 'unknown-type')).toMatchObject({
      source: `/${MARKER}`,
      eventId: expect.stringContaining(MARKER),
    });
    const [replayed, discarded] = items;
    await gatehouse.administrator.post(`/v1/quarantine/${replayed.id}/replay`);
    await gatehouse.administrator.delete(`/v1/quarantine/${discarded.id}`);
    const huge = markedEvent('ImageShared', `,"colour":"${'x'.repeat(900_000)}"`);
    const { body } = HTTP_FORMS['application/json, one event']!.request([huge]);
    expect((await strict.post('/v1/events', body)).body.results).toMatchObject([{ outcome: 'refused' }]);
    expect((await strict.post('/v1/events', `{"id":"${MARKER}@example.org" x}`)).status).toBe(400);
    await gatehouse.settle();

    const { pool } = gatehouse.runtime;
    // An acknowledged commit has all of the write-ahead log before it on disk.
    await pool.query('BEGIN; SET LOCAL synchronous_commit = on; CREATE TABLE public.flushed (); COMMIT');
    const blocks = await log.blocksFrom(from);
    await log.superuser.query('CHECKPOINT');
    const cluster = join(process.env.GATEHOUSE_TEST_SERVER!, 'cluster');
    expect(await tablesWith(pool, CONTROL)).toContain('platform.tokens');
    expect(await filesWith(cluster, startedAt, CONTROL)).toContainEqual(expect.stringContaining('/base/'));
    expect(blocks.some((bytes) => hasText(bytes, CONTROL))).toBe(true);
    expect(await tablesWith(pool, MARKER)).toEqual([]);
    expect(await filesWith(cluster, startedAt, MARKER)).toEqual([]);
    expect(blocks.some((bytes) => hasText(bytes, MARKER))).toBe(false);
    expect(await filesWith(gatehouse.runtime.settings.data, 0, MARKER)).toEqual([]);
    expect(lines.filter((line) => hasText(line, MARKER))).toEqual([]);
    const metrics: string = (await gatehouse.administrator.get('/metrics')).body;
    expect(metrics).toContain('gatehouse_quarantined_events{reason="unknown-type"}');
    expect(hasText(metrics, MARKER)).toBe(false);
  });
});

describeWithKafka('Personal data in messages that are not accepted', () => {
  let ingesters: IngesterWorld;
  beforeAll(async () => {
    ingesters = await openIngesterWorld();
  }, KAFKA_START_MS);
  afterAll(async () => {
    await ingesters.stopAll();
    await ingesters.close();
  });

  it('reaches neither the quarantine topic, nor a table, nor a report of an error', async () => {
    const { world, newTopic, bootstrap } = ingesters;
    const { send, start, stop, quarantineTopic } = await newTopic();
    const key = Buffer.from(MARKER);
    const structured = (value: string, type = 'cloudevents+json'): Message => ({
      key,
      value: Buffer.from(value),
      headers: [['content-type', Buffer.from(`application/${type}`)]],
    });
    const attributed: [string, Buffer][] = [[`ce_${MARKER}`, Buffer.from(MARKER)]];
    const messages: Message[] = [
      ...Object.entries(KAFKA_FORMS).flatMap(([name, form]) =>
        Object.entries(MARKED)
          // In binary mode the content-type of the message is what counts.
          .filter(([defect]) => name !== 'binary mode' || defect !== 'marked datacontenttype')
          .map(([, { change }]) => ({ ...form(change(markedEvent())), key })),
      ),
      structured(`{"data": "${MARKER}@example.org"`),
      structured(`${MARKER}`),
      structured('{}', `cloudevents+${MARKER}`),
      { key, value: Buffer.from(MARKER), headers: [] },
      { key, value: null, headers: [['ce_specversion', Buffer.from('1.0')], ...attributed, ...attributed] },
      { key, value: null, headers: [[`ce_${MARKER}`, Buffer.from([0xff])]] },
      structured(`"${MARKER.padEnd(1_048_000, 'x')}"`),
    ];
    const errors: string[] = [];
    await send(messages.slice(0, -1));
    await send(messages.slice(-1));
    // One of them fits into no quarantine.
    const quarantine = world.quarantineWith({ sourceBytes: 1_000_000, totalBytes: 1_000_000 });
    void start({ quarantine, report: { error: (error) => errors.push(String((error as Error).stack)) } });
    const notices = await readTopic(bootstrap, quarantineTopic, ({ length }) => length >= messages.length);
    await stop();
    const texts = notices.map(({ key: name, value, headers }) => JSON.stringify([name, value, headers.map(String)]));
    expect(texts.filter((one) => hasText(one, MARKER))).toEqual([]);
    expect(new Set(notices.map((notice) => headersOf(notice).gatehouse_quarantine_offset)).size).toBe(messages.length);
    expect(errors.filter((error) => hasText(error, MARKER))).toEqual([]);
    expect(await tablesWith(world.pool, MARKER)).toEqual([]);
  });
});
