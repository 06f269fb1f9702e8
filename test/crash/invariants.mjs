import { setTimeout as sleep } from 'node:timers/promises';

const PAGE = 2_000;
const RETRY_MS = 300;
const READ_ATTEMPTS = 100;
const JOB_MS = 300_000;
const TOPIC_MS = 60_000;

/** Compares what is stored with what clients were answered. Each finding is a line; none means that every invariant holds. */
export class Invariants {
  /** Every event of the log, in order. */
  log = [];
  lost = 0;
  doubled = 0;
  #seen = new Map();
  #position = 0;
  #feed = { position: '0', ids: [] };

  constructor(store, load, operator) {
    Object.assign(this, { store, load, operator });
  }

  close() {
    return this.store.close();
  }

  /** Every event acknowledged before the call is in the log exactly once. May be called at any time. */
  async acknowledgedAreStored(overKafkaToo) {
    const acknowledged = [...this.load.acknowledged];
    await this.#readOn();
    this.doubled = [...this.#seen.values()].filter((times) => times > 1).length;
    this.lost = overKafkaToo ? acknowledged.filter((id) => !this.#seen.has(id)).length : 0;
    return [
      ...(this.lost > 0 ? [`${this.lost} acknowledged events are not in the log`] : []),
      ...(this.doubled > 0 ? [`${this.doubled} events are in the log more than once`] : []),
    ];
  }

  async #readOn() {
    for (;;) {
      const page = await this.#page();
      for (const event of page.events) {
        const id = event.metadata.sourceid ?? event.id;
        this.#seen.set(id, (this.#seen.get(id) ?? 0) + 1);
        this.log.push(event);
      }
      this.#position = page.next;
      if (page.atHead) return;
    }
  }

  /** While its store is away, the log is read again and again. */
  async #page() {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.store.readAll(this.#position, { limit: PAGE });
      } catch (error) {
        if (attempt === READ_ATTEMPTS) throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  /** Waits until every consumer has reached the head of the log and stored nothing new. */
  async settled() {
    for (let calm = 0, before; calm < 3; await sleep(RETRY_MS)) {
      const { body } = await this.operator.insist('GET', '/v1/status');
      const caughtUp = body.consumers.length > 0 && body.consumers.every(({ behind }) => behind === 0);
      calm = caughtUp && body.head === before ? calm + 1 : 0;
      before = body.head;
    }
  }

  /** Waits for the ingester, since Kafka acknowledges messages before they are stored. */
  async ingested(limitMs) {
    for (const until = performance.now() + limitMs; performance.now() < until; await sleep(RETRY_MS)) {
      await this.#readOn();
      if ([...this.load.acknowledged].every((id) => this.#seen.has(id))) return;
    }
  }

  /** Every command and every consequence of an event is stored exactly once. */
  decidedOnce() {
    const findings = [];
    const counted = (type, key) => {
      const counts = new Map();
      for (const event of this.log) if (event.type === type) counts.set(key(event), (counts.get(key(event)) ?? 0) + 1);
      const often = [...counts].filter(([, times]) => times > 1);
      if (often.length > 0) findings.push(`${type} more than once: ${often.slice(0, 5).join('; ')}`);
      return counts;
    };
    const missing = (what, wanted, counts) => {
      const absent = [...wanted].filter((key) => !counts.has(key));
      if (absent.length > 0) findings.push(`${what} acknowledged but not in the log: ${absent.slice(0, 5).join(', ')}`);
      this.lost += absent.length;
    };
    missing(
      'joined',
      this.load.joined,
      counted('WaitlistJoined', ({ data }) => data.accountId),
    );
    missing(
      'cohorts',
      this.load.cohorts,
      counted('CohortAdmitted', ({ data }) => data.cohortId),
    );
    missing(
      'verdicts',
      this.load.verdicts,
      counted('VerdictGiven', ({ data }) => data.caseId),
    );
    counted('AccountOnboarded', ({ data }) => data.accountId);
    counted('AccountDeactivated', ({ data }) => data.accountId);
    counted('CaseOpened', ({ data }) => data.caseId);
    const confirmed = this.log.filter(({ type }) => type === 'ReviewConfirmed').map(({ data }) => data.caseId);
    missing(
      'confirmed reviews that withheld no image,',
      new Set(confirmed),
      counted('ImageWithheld', ({ data }) => data.caseId),
    );
    missing(
      'confirmed reviews that were not enforced,',
      new Set(confirmed),
      counted('EnforcementCompleted', ({ data }) => data.caseId ?? data.enforcementId),
    );
    const flagged = new Set(this.log.filter(({ type }) => type === 'ContentFlagged').map(({ data }) => data.imageId));
    missing(
      'flags that opened no case,',
      flagged,
      counted('CaseOpened', ({ data }) => data.caseId),
    );
    return findings;
  }

  /** An address belongs to the one account that has it, and no command holds one that it only reserved. */
  onePersonOneAccount() {
    const accounts = new Map();
    const persons = new Map();
    for (const { type, stream, data } of this.log) {
      if (type === 'WaitlistJoined' || type === 'AddressChanged') accounts.set(data.accountId, data.emailHash);
      if (type === 'PersonRegistered') persons.set(stream, data.accountId);
      if (type === 'AddressReserved' || type === 'AddressReleased') persons.delete(stream);
    }
    return [...accounts].flatMap(([accountId, hash]) => {
      const owner = persons.get(`person-${hash}`);
      return owner === accountId ? [] : [`the address of ${accountId} belongs to ${owner ?? 'nobody'}`];
    });
  }

  /** Every view equals its replay from the first event. */
  async viewsEqualReplay() {
    const { body, url } = await this.operator.insist('POST', '/v1/views/verify', {});
    for (const until = performance.now() + JOB_MS; ; await sleep(RETRY_MS)) {
      const answer = await fetch(`${url}/v1/views/jobs/${body.id}`, {
        headers: { authorization: `Bearer ${this.operator.token}` },
      });
      const job = await answer.json();
      if (job.status === 'failed' || performance.now() > until) return [`verification ${job.status}: ${job.error}`];
      if (job.status !== 'done') continue;
      return job.comparisons.filter(({ equal }) => !equal).map(({ view }) => `${view} differs from its replay`);
    }
  }

  /** The feed has every public event, in the log's order. */
  async feedHasNoHole(publicTypes) {
    await this.#readOn();
    const expected = this.log.filter(({ type }) => publicTypes.has(type)).map(({ id }) => id);
    for (let atHead = false; !atHead; ) {
      const { body } = await this.operator.insist('GET', `/v1/events?after=${this.#feed.position}&limit=${PAGE}`);
      this.#feed.ids.push(...body.events.map(({ recordid }) => recordid));
      this.#feed.position = body.next;
      atHead = body.atHead;
    }
    const wrong = expected.findIndex((id, i) => this.#feed.ids[i] !== id);
    if (wrong < 0 && this.#feed.ids.length === expected.length) return [];
    return [`the feed has ${this.#feed.ids.length} events for ${expected.length}; the first difference is at ${wrong}`];
  }

  /** The topic has every public event. Repeats are allowed, but the first deliveries of a key's events must be in order. */
  async topicHasNoHole(topic, publicTypes) {
    const expected = new Set(this.log.filter(({ type }) => publicTypes.has(type)).map(({ id }) => id));
    const places = new Map(this.log.map(({ id, position }) => [id, position]));
    const published = new Map();
    const lastOfKey = new Map();
    let disorder = 0;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TOPIC_MS);
    const options = {
      group: `crash-${process.pid}-${this.#position}`,
      topics: [topic],
      onError() {},
      signal: stop.signal,
    };
    await this.load.broker.consume(options, async ({ messages, commit }) => {
      for (const { key, headers } of messages) {
        const id = headers.find(([name]) => name === 'ce_recordid')[1].toString();
        const position = places.get(id);
        const times = (published.get(id) ?? 0) + 1;
        published.set(id, times);
        if (times === 1 && position < (lastOfKey.get(`${key}`) ?? 0)) disorder++;
        if (times === 1) lastOfKey.set(`${key}`, position);
      }
      await commit(messages.at(-1).offset);
      if (published.size >= expected.size) stop.abort();
    });
    clearTimeout(timer);
    this.repeatsInTopic = [...published.values()].reduce((sum, times) => sum + times - 1, 0);
    const holes = [...expected].filter((id) => !published.has(id)).length;
    return [
      ...(holes > 0 ? [`${holes} of ${expected.size} public events are not in ${topic}`] : []),
      ...(disorder > 0 ? [`${disorder} events of a key are in ${topic} before an earlier one`] : []),
    ];
  }

  /** No key is parked. */
  async nothingParked() {
    const { body } = await this.operator.insist('GET', '/v1/status');
    return body.consumers
      .filter(({ parked }) => parked > 0)
      .map(({ name, parked }) => `${parked} keys of ${name} are parked`);
  }
}
