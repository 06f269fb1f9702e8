import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { catalogue } from '../../apps/composition/catalogue.js';
import { ingesterOf, publisherOf } from '../../apps/composition/workers.js';
import { Ingest } from '../../libs/ingest/ingest.js';
import type { MessageProducer } from '../../libs/kafka/message-broker.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import { hasText } from '../support/clear-text.js';
import { eventsBehind } from '../support/events-behind.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import {
  binaryMessage,
  describeWithKafka,
  headersOf,
  KAFKA_START_MS,
  kafkaBroker,
  readTopic,
  structuredMessage,
  testClient,
  uniqueName,
} from '../support/kafka.js';
import { until } from '../support/until.js';
import { wholeLog } from '../support/whole-log.js';

type Data = Record<string, unknown>;

describeWithKafka('Gatehouse with a Kafka broker', () => {
  const stop = new AbortController();
  const facts = uniqueName('facts');
  const cohorts = uniqueName('cohorts');
  const events = uniqueName('events');
  const quarantined = uniqueName('quarantine');
  let bootstrap: string;
  let gatehouse: TestGatehouse;
  let producer: MessageProducer;
  let running: Promise<unknown>;

  beforeAll(async () => {
    bootstrap = await kafkaBroker();
    gatehouse = await startGatehouse({
      env: {
        GATEHOUSE_KAFKA_BROKERS: bootstrap,
        GATEHOUSE_KAFKA_FACTS_TOPIC: facts,
        GATEHOUSE_KAFKA_TYPE_TOPICS: cohorts,
        GATEHOUSE_KAFKA_EVENTS_TOPIC: events,
        GATEHOUSE_KAFKA_QUARANTINE_TOPIC: quarantined,
        GATEHOUSE_KAFKA_GROUP: uniqueName('ingesters'),
      },
    });
    const { runtime, app } = gatehouse;
    await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 1000 });
    await gatehouse.settle();
    producer = testClient(bootstrap).producer();
    running = Promise.all([
      ingesterOf(runtime, app.get(Metrics), app.get(Ingest)).run(stop.signal),
      publisherOf(runtime, app.get(Metrics)).run(stop.signal),
    ]);
  }, KAFKA_START_MS);
  afterAll(async () => {
    stop.abort();
    await running;
    await producer?.close();
    await gatehouse?.close();
  });

  it('accepts all seven events of the contract, in either mode, and publishes all seven', async () => {
    const { store } = gatehouse.runtime;
    const sent = new Map<string, { id: string; data: Data }>();
    const report = async (type: string, data: Data, topic = facts) => {
      const event = { specversion: '1.0', id: randomUUID(), source: '/partner', type, data };
      const message = sent.size % 2 === 0 ? binaryMessage(event, type) : structuredMessage(event, type);
      const before = await store.head();
      await producer.send(topic, [message]);
      await eventsBehind(store, before, 1);
      await gatehouse.settle();
      sent.set(type, event);
    };
    await report('WaitlistJoined', { accountId: 'p-1', email: 'fay@example.org' });
    await report('CohortOnboarded', { cohortId: 'partner-1', accounts: ['p-1'], perWeek: 1000 }, cohorts);
    await report('ImageGenerated', { imageId: 'p-img', accountId: 'p-1', prompt: 'a dog' });
    await report('ImageShared', { imageId: 'p-img', accountId: 'p-1' });
    await report('ContentFlagged', { imageId: 'p-img', flaggedBy: 'p-2', flaggerKind: 'user', categories: ['hate'] });
    await report('ReviewConfirmed', { caseId: 'p-img', imageId: 'p-img', categories: ['hate'], reviewers: ['rev-p'] });
    await report('AccountDeactivated', { accountId: 'p-3', reason: 'chargeback', categories: [] });

    const contract = catalogue.events.flatMap(({ contract: isPublic, type }) => (isPublic ? [type] : []));
    expect([...sent.keys()].sort()).toEqual(contract.sort());
    // With those that the backend adds, such as the withholding of the image.
    const stored = await wholeLog(
      store,
      catalogue.outgoing.map(({ type }) => type),
    );
    const messages = await readTopic(bootstrap, events, ({ length }) => length >= stored.length);
    const out = new Map(messages.map((message) => [headersOf(message).ce_recordid, message]));
    expect([...out.keys()].sort()).toEqual(stored.map(({ id }) => id).sort());
    const bySender = new Map(messages.map((message) => [headersOf(message).ce_id, message]));
    for (const [type, { id }] of sent) {
      // A cohort is first admitted under the given id; its own event follows from that.
      if (type === 'CohortOnboarded') continue;
      expect(headersOf(bySender.get(id)!)).toMatchObject({
        ce_type: type,
        ce_source: '/partner',
        ce_specversion: '1.0',
      });
    }
    const onboarded = stored.find(({ type }) => type === 'CohortOnboarded')!;
    expect(JSON.parse(out.get(onboarded.id)!.value!.toString())).toMatchObject({
      cohortId: 'partner-1',
      accounts: ['p-1'],
    });
    const feed = (await gatehouse.administrator.get('/v1/events?limit=2000')).body.events as {
      recordid: string;
      data: Data;
    }[];
    for (const { recordid, data } of feed) expect(JSON.parse(out.get(recordid)!.value!.toString())).toEqual(data);
  });

  it('gives the same reason at a replay as at the arrival of a message without an event', async () => {
    const event = { specversion: '1.0', id: randomUUID(), source: '/partner', type: 'ImageShared', data: {} };
    const whole = binaryMessage(event);
    const entries = async (): Promise<{ id: string; eventId: string }[]> =>
      (await gatehouse.administrator.get('/v1/quarantine')).body.items;
    await producer.send(facts, [
      { ...whole, headers: whole.headers.filter(([name]) => name !== 'ce_specversion') },
      { ...whole, headers: [...whole.headers, ['ce_id', Buffer.from('another')]] },
    ]);
    await until(async () => (await entries()).length === 2);
    const replayed = await Promise.all(
      (await entries()).map(({ id }) => gatehouse.administrator.post(`/v1/quarantine/${id}/replay`)),
    );
    expect((await entries()).map(({ eventId }) => eventId)).toEqual([event.id, event.id]);
    expect(replayed.map(({ body }) => [body.outcome, body.reason, body.field])).toEqual([
      ['quarantined', 'not-a-cloudevent', '/'],
      ['quarantined', 'repeated-header', 'ce_id'],
    ]);
  });

  it('counts consumed and published events in metrics', async () => {
    const metrics = async (): Promise<string> => (await gatehouse.administrator.get('/metrics')).body;
    const upToDate = new RegExp(`^gatehouse_ingester_lag_messages\\{topic="${facts}",partition="\\d"\\} 0$`, 'm');
    await until(async () => upToDate.test(await metrics())); // the broker is asked every few seconds
    const body = await metrics();
    expect(body).toMatch(/^gatehouse_ingester_received_events_total\{outcome="accepted"\} [7-9]$/m);
    expect(body).toMatch(/^gatehouse_publisher_published_events_total [1-9]/m);
  });

  it('publishes nothing that a person wrote, neither with events nor with notices of rejected messages', async () => {
    const marker = 'the-marker-of-a-person-77d2c0a1';
    const send = (type: string, data: Data) => {
      const event = { specversion: '1.0', id: randomUUID(), source: '/partner', type, data };
      return producer.send(facts, [structuredMessage(event, type)]);
    };
    const before = await gatehouse.runtime.store.head();
    await send('WaitlistJoined', { accountId: 'p-7', email: `${marker}@example.org`, reason: marker });
    await send('ImageGenerated', { imageId: 'p-7', accountId: 'p-7', prompt: marker });
    await send('ContentFlagged', {
      ...{ imageId: 'p-7', flaggedBy: 'p-8', flaggerKind: 'user', categories: ['hate'], comment: marker },
    });
    await send('ImageShared', { imageId: 'not an id', accountId: 'p-7', note: marker });
    await eventsBehind(gatehouse.runtime.store, before, 3);
    await gatehouse.settle();
    const own = await wholeLog(
      gatehouse.runtime.store,
      catalogue.outgoing.map(({ type }) => type),
    );
    const published = await readTopic(bootstrap, events, ({ length }) => length >= own.length);
    const notices = await readTopic(bootstrap, quarantined, ({ length }) => length >= 1);
    const texts = [...published, ...notices].map((message) =>
      JSON.stringify([headersOf(message), message.value?.toString()]),
    );
    expect(texts.filter((text) => text.includes('p-7')).length).toBeGreaterThan(0);
    expect(texts.filter((text) => hasText(text, marker))).toEqual([]);
    // The topic that senders write to has it until the broker deletes it.
    const sent = await readTopic(bootstrap, facts, (messages) => messages.some(({ value }) => hasText(value!, marker)));
    expect(sent.length).toBeGreaterThan(0);
  });
});
