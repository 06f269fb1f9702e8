import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';
import { askAt } from './http-client.mjs';
import { IN_GOOD_STANDING, question } from './known-people.mjs';
import { judgeGateway, shown } from './outage-verdict.mjs';

/** Maximum time of a write: an append without an answer, and two attempts to connect. */
const LONGEST_HELD_MS = 25_000;
const RECOVERY_MS = 30_000;
const EVALUATE_EVERY_MS = 100;
const LOOK_EVERY_MS = 300;
const ids = timeOrderedIds(systemClock);

/** Makes the event store unavailable for a while, and checks what the gateways answer meanwhile. */
export class StoreOutage {
  findings = [];

  /**
   * @param server holds the log
   * @param token of a role that may send all these requests
   */
  constructor({ server, processes, token, load }) {
    Object.assign(this, { server, processes, token, load });
  }

  /** The server refuses connections. */
  async refuse(ms) {
    await this.#allWell();
    await this.#watch(await this.server.stopForNow(), ms);
    return `${this.server.name} was stopped for ${ms} ms`;
  }

  /** The server keeps connections but answers nothing. */
  async hang(ms) {
    await this.#allWell();
    await this.#watch(this.server.hangForNow(), ms);
    return `${this.server.name} answered nobody for ${ms} ms`;
  }

  get #gateways() {
    return this.processes.filter(({ role }) => role === 'gateway');
  }

  async #watch(end, ms) {
    const begunAt = performance.now();
    const over = new AbortController();
    const gateways = this.#gateways.map((one) => ({
      ...namedUrl(one),
      watch: this.#watchGateway(one.url, over.signal),
    }));
    const lives = this.processes.map((one) => ({ ...namedUrl(one), watch: this.#livesOf(one.url, over.signal) }));
    await sleep(ms);
    const span = { begunAt, endedAt: performance.now() };
    over.abort();
    await end();
    for (const { name, watch } of gateways)
      this.findings.push(
        ...judgeGateway(span, await watch).map((wrong) => `${name} ${wrong}, during an outage of the store`),
      );
    for (const { name, watch } of lives) {
      const dead = (await watch).filter((answer) => answer?.status !== 200);
      if (dead.length > 0) this.findings.push(`${name} answered /health/live with ${shown(dead[0])}`);
    }
    await this.#allWell('from the outage of the store');
  }

  async #watchGateway(url, signal) {
    const [evaluations, posts, readiness] = await Promise.all([
      repeated(EVALUATE_EVERY_MS, signal, () => this.#evaluate(url)),
      repeated(LOOK_EVERY_MS, signal, () => this.#post(url)),
      repeated(LOOK_EVERY_MS, signal, () => askAt(url, undefined, 'GET', '/health/ready')),
    ]);
    return { evaluations, posts, readiness };
  }

  #livesOf = (url, signal) => repeated(LOOK_EVERY_MS, signal, () => askAt(url, undefined, 'GET', '/health/live'));

  #evaluate = (url) => askAt(url, this.token, 'POST', '/access/v1/evaluation', question(IN_GOOD_STANDING));

  async #post(url) {
    const id = ids.next();
    const data = { imageId: `img-outage-${id}`, accountId: IN_GOOD_STANDING };
    const event = { specversion: '1.0', id, source: '/crash-test', type: 'ImageGenerated', data };
    const mediaType = 'application/cloudevents+json';
    const answer = await askAt(url, this.token, 'POST', '/v1/events', event, { mediaType, longestMs: LONGEST_HELD_MS });
    if (answer?.status === 202) this.load.acknowledged.add(id);
    return answer;
  }

  /** Waits until every gateway is ready, allows access and accepts events. */
  async #allWell(after = 'from the previous fault') {
    await Promise.all(this.processes.map((one) => one.ready()));
    for (const one of this.#gateways) {
      const until = performance.now() + RECOVERY_MS;
      let answers;
      do {
        await sleep(EVALUATE_EVERY_MS);
        const ready = await askAt(one.url, undefined, 'GET', '/health/ready');
        answers = [ready, await this.#evaluate(one.url), await this.#post(one.url)];
      } while (!isWell(answers) && performance.now() < until);
      if (!isWell(answers))
        this.findings.push(`${one.name} has not recovered ${after}: ${answers.map(shown).join('; ')}`);
    }
  }
}

const isWell = ([ready, evaluation, post]) =>
  ready?.status === 200 && evaluation?.body.decision === true && post?.status === 202;

const namedUrl = ({ name, url }) => ({ name, url });

/** The answers to repeated requests, until the signal aborts. */
async function repeated(everyMs, signal, ask) {
  const answers = [];
  for (; !signal.aborted; await sleep(everyMs)) answers.push(await ask());
  return answers;
}
