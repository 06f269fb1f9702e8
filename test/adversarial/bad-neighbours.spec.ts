import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { type IngesterWorld, openIngesterWorld } from '../support/ingester-world.js';
import { describeWithKafka, KAFKA_START_MS } from '../support/kafka.js';
import { damageKeyOf } from '../support/test-keys.js';
import { until } from '../support/until.js';
import { wholeLog } from '../support/whole-log.js';
import { DEFECTS, HTTP_FORMS, KAFKA_FORMS, type WrittenEvent } from './event-defects.js';

let counter = 0;
function writtenEvent(): WrittenEvent & { id: string } {
  const id = `event-${++counter}`;
  const attributes = { specversion: '1.0', id, source: '/neighbours', type: 'ImageShared' };
  return { id, attributes, data: JSON.stringify({ imageId: `img-${counter}`, accountId: 'acc-1' }) };
}
const all = Object.entries(DEFECTS);

describe('POST /v1/events', () => {
  let gatehouse: TestGatehouse;
  let service: Client;
  beforeAll(async () => {
    gatehouse = await startGatehouse();
    service = await gatehouse.as('image-service', 'service');
  });
  afterAll(() => gatehouse.close());

  describe.each(Object.entries(HTTP_FORMS))('%s', (_, form) => {
    it.each(all)('with %s: concerns that event alone', async (_name, { change, reason }) => {
      const event = change(writtenEvent());
      const events = form.isBatch ? [writtenEvent(), event, writtenEvent()] : [event];
      const { body, headers } = form.request(events);
      const answer = await service.post('/v1/events', body, headers);
      expect([answer.status, answer.body.detail]).toEqual([202, undefined]);
      const outcomes = answer.body.results.map(
        (one: { outcome: string; reason?: string }) => one.reason ?? one.outcome,
      );
      expect(outcomes).toEqual(events.map((one) => (one === event && reason) || 'accepted'));
    });
  });

  it('accepts the other events of a batch of 1,000 that has one with __proto__', async () => {
    const events = Array.from({ length: 1_000 }, writtenEvent);
    const bad = DEFECTS['__proto__ in data']!.change(events[500]!);
    for (const form of [HTTP_FORMS['application/json, a batch']!, HTTP_FORMS['application/cloudevents-batch+json']!]) {
      const { body, headers } = form.request(events.map((event, n) => (n === 500 ? bad : event)));
      const { results } = (await service.post('/v1/events', body, headers)).body;
      expect(results.filter(({ outcome }: { outcome: string }) => outcome === 'quarantined')).toMatchObject([
        { id: events[500]!.id, reason: 'invalid-data' },
      ]);
    }
  });

  it('stores nothing of unknown members, and counts them', async () => {
    const { body, headers } = HTTP_FORMS['application/json, one event']!.request([
      DEFECTS['an unknown member']!.change(writtenEvent()),
    ]);
    const counted = async () => {
      const metrics: string = (await gatehouse.administrator.get('/metrics')).body;
      return Number(/^gatehouse_ingest_unknown_members_total\{type="ImageShared"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
    };
    const before = await counted();
    await service.post('/v1/events', body, headers);
    expect((await counted()) - before).toBe(2);
    expect(JSON.stringify(await wholeLog(gatehouse.runtime.store))).not.toMatch(/colour|"owner"/);
    const { rows } = await gatehouse.runtime.pool.query('SELECT * FROM messaging.quarantine');
    expect(JSON.stringify(rows)).not.toContain('colour');
  });

  it('answers for each event while one person’s key and the quarantine’s key are damaged', async () => {
    const { runtime } = gatehouse;
    const flag = (n: number, flaggedBy: string) => {
      const { attributes, id } = writtenEvent();
      const flagged = { imageId: `k-${n}`, flaggedBy, flaggerKind: 'user', categories: [], comment: 'look' };
      return { id, attributes: { ...attributes, type: 'ContentFlagged' }, data: JSON.stringify(flagged) };
    };
    const batch = HTTP_FORMS['application/json, a batch']!;
    const post = async (client: Client, events: readonly WrittenEvent[]) => {
      const { body, headers } = batch.request(events);
      return (await client.post('/v1/events', body, headers)).body.results;
    };
    const bad = DEFECTS['an unknown type']!.change(writtenEvent());
    await post(service, [flag(0, 'hurt'), flag(0, 'well'), bad]);
    await damageKeyOf(runtime.personKeys, 'hurt');
    // Another process, which has no key in memory.
    const other = await gatehouse.beside();
    const headers = { authorization: `Bearer ${gatehouse.administratorToken}`, 'content-type': 'application/json' };
    const { body } = batch.request([flag(1, 'well'), flag(2, 'hurt'), flag(3, 'well')]);
    const send = async (text: string) => {
      const answer = await fetch(`${other.url}/v1/events`, { method: 'POST', headers, body: text });
      return ((await answer.json()) as { results: { outcome: string; reason?: string; quarantineId?: string }[] })
        .results;
    };
    const results = await send(body);
    expect(results.map(({ reason, outcome }) => reason ?? outcome)).toEqual([
      'accepted',
      'person-key-damaged',
      'accepted',
    ]);
    await damageKeyOf(runtime.personKeys, '/quarantine');
    const third = await gatehouse.beside();
    const unkept = batch.request([writtenEvent(), DEFECTS['an unknown type']!.change(writtenEvent())]).body;
    const answer = await fetch(`${third.url}/v1/events`, { method: 'POST', headers, body: unkept });
    expect(await answer.json()).toMatchObject({
      results: [{ outcome: 'accepted' }, { outcome: 'refused', reason: 'unknown-type' }],
    });
    await Promise.all([other.close(), third.close()]);
  });
});

describeWithKafka('The Kafka endpoint', () => {
  let ingesters: IngesterWorld;
  beforeAll(async () => {
    ingesters = await openIngesterWorld();
  }, KAFKA_START_MS);
  afterAll(async () => {
    await ingesters.stopAll();
    await ingesters.close();
  });

  it.each(Object.entries(KAFKA_FORMS))(
    'in %s has the same result for each defect, and stores its neighbours',
    async (_, form) => {
      const { world, newTopic } = ingesters;
      const { send, start, stop, committed, quarantined } = await newTopic();
      const sent = all.map(([name, defect]) => ({ name, ...defect, event: writtenEvent(), neighbour: writtenEvent() }));
      await send(sent.flatMap(({ change, event, neighbour }) => [form(change(event)), form(neighbour)]));
      void start();
      await until(async () => (await committed())[0] === 2 * all.length);
      await stop();
      const entries = await quarantined();
      const reasons = sent.flatMap(({ reason }) => reason ?? []);
      expect(entries.map(({ reason }) => reason).sort()).toEqual([...reasons].sort());
      const stored = new Set((await wholeLog(world.store)).map(({ metadata }) => metadata.sourceid));
      for (const { name, reason, event, neighbour } of sent) {
        expect([name, stored.has(event.id), stored.has(neighbour.id)]).toEqual([name, reason === undefined, true]);
      }
    },
  );
});
