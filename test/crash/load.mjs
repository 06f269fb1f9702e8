import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaJsBroker } from '../../dist/libs/kafka/kafkajs-broker.js';
import { systemClock, toIso } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';

const ACCOUNTS = 500;
const HTTP_BATCH = 20;
const KAFKA_BATCH = 40;
const PACE_MS = 150;
const BATCH = 'application/cloudevents-batch+json';
const SOURCE = '/image-service';
/** The share of acknowledged batches that are sent again. */
const REPEATED = 0.1;
const FLAGGED = 0.3;
const COHORT_EVERY = 12;
const ids = timeOrderedIds(systemClock);

/**
 * The requests of clients and their answers: facts over HTTP and Kafka, some twice; people who join, cohorts, and a
 * reviewer. A client without an answer retries with the same request, as clients should.
 */
export class Load {
  /** Ids of events that were acknowledged as stored. */
  acknowledged = new Set();
  joined = new Set();
  cohorts = new Set();
  verdicts = new Set();
  repeats = 0;
  findings = [];
  #images = 0;
  #stopped = false;
  #running = [];

  constructor({ client, reviewer, bootstrap, topic, chance }) {
    Object.assign(this, { client, reviewer, topic, chance });
    if (bootstrap) {
      this.broker = new KafkaJsBroker({ brokers: [bootstrap], clientId: 'crash-test' });
      this.producer = this.broker.producer();
    }
  }

  start() {
    this.#stopped = false;
    const loops = [
      () => this.#factsOverHttp(),
      () => this.#factsOverHttp(),
      () => this.#people(),
      () => this.#reviews(),
    ];
    if (this.producer) loops.push(() => this.#factsOverKafka());
    this.#running = loops.map(async (loop) => {
      while (!this.#stopped) {
        await loop();
        await sleep(PACE_MS);
      }
    });
  }

  /** Waits until every started request has its answer. */
  async end() {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async close() {
    await this.producer?.close();
  }

  #facts(count) {
    const events = [];
    while (events.length < count) {
      const image = this.#images++;
      const imageId = `img-${image}`;
      const accountId = `acc-${image % ACCOUNTS}`;
      events.push(fact('ImageGenerated', { imageId, accountId }), fact('ImageShared', { imageId, accountId }));
      if (this.chance.happens(FLAGGED / count)) {
        const flaggedBy = `acc-${(image + 1) % ACCOUNTS}`;
        events.push(fact('ContentFlagged', { imageId, flaggedBy, flaggerKind: 'user', categories: ['violent'] }));
      }
    }
    return events;
  }

  async #factsOverHttp() {
    const events = this.#facts(HTTP_BATCH);
    const times = this.#deliveries();
    for (let time = 0; time < times; time++) {
      const { status, body } = await this.client.insist('POST', '/v1/events', events, BATCH);
      if (status !== 202) {
        this.findings.push(`a batch was answered with ${status}: ${JSON.stringify(body)}`);
        return;
      }
      for (const { id, outcome, detail } of body.results) {
        if (outcome === 'quarantined') this.findings.push(`${id} was quarantined: ${detail}`);
        else this.acknowledged.add(id);
      }
    }
  }

  async #factsOverKafka() {
    const events = this.#facts(KAFKA_BATCH);
    const times = this.#deliveries();
    for (let time = 0; time < times; time++) {
      await this.#produce(events.map(this.chance.happens(0.5) ? binary : structured));
      for (const { id } of events) this.acknowledged.add(id);
    }
  }

  async #produce(messages) {
    for (;;) {
      try {
        return await this.producer.send(this.topic, messages);
      } catch {
        await sleep(PACE_MS);
      }
    }
  }

  #deliveries() {
    if (!this.chance.happens(REPEATED)) return 1;
    this.repeats++;
    return 2;
  }

  async #people() {
    const email = `${ids.next()}@example.org`;
    const { status, body } = await this.client.insist('POST', '/v1/waitlist', { email });
    if (status === 202) this.joined.add(body.accountId);
    else this.findings.push(`joining was answered with ${status}: ${JSON.stringify(body)}`);
    if (this.joined.size % COHORT_EVERY !== 0) return;
    const cohortId = `cohort-${ids.next()}`;
    const admitted = await this.client.insist('POST', '/v1/cohorts', { cohortId, size: COHORT_EVERY / 2 });
    if (admitted.status < 300) this.cohorts.add(cohortId);
  }

  async #reviews() {
    const answer = await this.reviewer.ask('GET', '/v1/cases?status=open&limit=5');
    for (const { caseId } of answer?.body?.items ?? []) {
      const claim = await this.reviewer.insist('POST', `/v1/cases/${caseId}/claim`);
      if (claim.status !== 200) continue;
      const { token } = claim.body;
      const verdict = this.chance.happens(0.5) ? UNSAFE : { verdict: 'safe' };
      const judged = await this.reviewer.insist('POST', `/v1/cases/${caseId}/verdicts`, { token, ...verdict });
      if (judged.status < 300) this.verdicts.add(caseId);
      else if (judged.status === 400) this.findings.push(`a verdict was answered with ${JSON.stringify(judged.body)}`);
    }
  }
}

const UNSAFE = { verdict: 'unsafe', clause: 'violent', rationale: 'a wound' };

const fact = (type, data) => ({
  specversion: '1.0',
  id: ids.next(),
  source: SOURCE,
  type,
  time: toIso(systemClock.now()),
  data,
});

const header = (name, value) => [name, Buffer.from(value)];

const binary = ({ data, ...attributes }) => ({
  key: Buffer.from(data.imageId),
  value: Buffer.from(JSON.stringify(data)),
  headers: [
    header('content-type', 'application/json'),
    ...Object.entries(attributes).map(([name, value]) => header(`ce_${name}`, value)),
  ],
});

const structured = (event) => ({
  key: Buffer.from(event.data.imageId),
  value: Buffer.from(JSON.stringify(event)),
  headers: [header('content-type', 'application/cloudevents+json; charset=UTF-8')],
});
