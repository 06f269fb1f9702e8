import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';
import { askAt } from './http-client.mjs';
import { IN_GOOD_STANDING, PEOPLE_LONG_AGO, question, SUSPENDED } from './known-people.mjs';

const HOUR_S = 3_600;
const MIN_JUMP_MS = 300;
const MAX_JUMP_MS = 1_800;
const PATIENCE_MS = 30_000;
const RETRY_MS = 200;
/** Flags the images of these checks. The load's reviewer has the same id, so it may not claim their cases. */
const FLAGGER = 'reviewer';
const ids = timeOrderedIds(systemClock);

/** Sets the clock of running processes and checks that a gateway's decisions do not depend on it. */
export class ClockJump {
  findings = [];

  /** @param tokens secrets: administrator, and two further reviewers */
  constructor({ processes, tokens, known, chance }) {
    Object.assign(this, { processes, tokens, known, chance });
  }

  /** Sets the clock of a gateway, then of a process with another role: an hour off, an hour off the other way, correct. */
  async run() {
    const settable = this.processes.filter(({ clock }) => clock);
    const gateway = settable.find(({ role }) => role === 'gateway');
    const other = this.chance.oneOf(settable.filter(({ role }) => role !== 'gateway'));
    const honest = this.processes.find(({ role, clock }) => role === 'gateway' && !clock);
    const jumps = [];
    for (const one of [gateway, other]) {
      const ahead = this.chance.oneOf([HOUR_S, -HOUR_S]);
      for (const aheadS of [ahead, -ahead, 0]) {
        await one.clock.set(aheadS);
        await Promise.all([gateway.ready(), honest.ready()]);
        if (one === gateway) await this.#ask(one, honest, aheadS);
        else await sleep(this.chance.between(MIN_JUMP_MS, MAX_JUMP_MS));
      }
      jumps.push(`${one.name} by ${ahead} s, ${-ahead} s and 0 s`);
    }
    return `set the clocks of ${jumps.join(' and ')}`;
  }

  async #ask(jumped, honest, aheadS) {
    const blame = (what) => this.findings.push(`${jumped.name} with its clock ${aheadS} s ahead ${what}`);
    await this.#askForAccess(jumped, blame);
    await this.#askForTooMany(jumped, blame);
    await this.#claimTwice(honest, jumped, blame);
    await this.#claimTwice(jumped, honest, blame);
  }

  async #askForAccess({ url }, blame) {
    const allowed = await this.#decision(url, IN_GOOD_STANDING);
    if (!allowed.decision) blame(`denied an account in good standing: ${allowed.context.reason}`);
    const suspended = await this.#decision(url, SUSPENDED);
    if (systemClock.now() < this.known.until && suspended.context.reason !== 'account-suspended')
      blame('allowed a suspended account');
  }

  /** Retries until the gateway has caught up after an earlier fault. */
  async #decision(url, accountId) {
    const decided = ({ body }) => body.context.reason !== 'decision-point-stale';
    return (await this.#insist(url, this.tokens.administrator, '/access/v1/evaluation', question(accountId), decided))
      .body;
  }

  /** Asks for more people than the rate has left, unless the gateway considers the week over. */
  async #askForTooMany({ url }, blame) {
    const cohort = { cohortId: `cohort-${ids.next()}`, size: PEOPLE_LONG_AGO };
    const { status, body } = await this.#insist(url, this.tokens.administrator, '/v1/cohorts', cohort);
    if (systemClock.now() < this.known.until && status !== 409) blame(`admitted too many: ${JSON.stringify(body)}`);
  }

  /** One reviewer claims a case at one gateway; another reviewer tries to claim it at the other. */
  async #claimTwice(first, second, blame) {
    const caseId = await this.#openCase(first.url);
    const path = `/v1/cases/${caseId}`;
    const opened = ({ status }) => status !== 404;
    const { status, body } = await this.#insist(first.url, this.tokens.reviewerA, `${path}/claim`, undefined, opened);
    if (status !== 200) blame(`had a claim answered with ${status} ${JSON.stringify(body)}`);
    const other = await this.#insist(second.url, this.tokens.reviewerB, `${path}/claim`);
    if (other.status !== 409) blame(`let ${caseId} be claimed at ${second.name} while ${first.name} had granted it`);
    const { token } = body;
    const judged = await this.#insist(second.url, this.tokens.reviewerA, `${path}/verdicts`, {
      token,
      verdict: 'safe',
    });
    if (status === 200 && judged.status !== 200) blame(`had a verdict answered with ${JSON.stringify(judged.body)}`);
  }

  async #openCase(url) {
    const imageId = `img-clock-${ids.next()}`;
    const facts = [
      { type: 'ImageGenerated', data: { imageId, accountId: IN_GOOD_STANDING } },
      { type: 'ContentFlagged', data: { imageId, flaggedBy: FLAGGER, flaggerKind: 'user', categories: ['violent'] } },
    ];
    for (const one of facts) {
      const event = { specversion: '1.0', id: ids.next(), source: '/crash-test', ...one };
      const accepted = ({ status }) => status === 202;
      await this.#insist(url, this.tokens.administrator, '/v1/events', event, accepted, 'application/cloudevents+json');
    }
    return imageId;
  }

  /** Retries while the answer asks for a retry or is not the awaited one. */
  async #insist(url, token, path, body, isAwaited = () => true, mediaType) {
    let answer;
    for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await sleep(RETRY_MS)) {
      answer = await askAt(url, token, 'POST', path, body, { mediaType });
      if (answer && answer.status < 500 && answer.status !== 429 && isAwaited(answer)) return answer;
    }
    throw new Error(
      `POST ${path} was answered for ${PATIENCE_MS} ms with ${answer?.status} ${JSON.stringify(answer?.body)}`,
    );
  }
}
