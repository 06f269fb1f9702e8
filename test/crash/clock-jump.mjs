import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';
import { askAt } from './http-client.mjs';
import { IN_GOOD_STANDING, LET_IN_LONG_AGO, question, SUSPENDED } from './known-people.mjs';

const HOUR_S = 3_600;
const LEAST_AWRY_MS = 300;
const MOST_AWRY_MS = 1_800;
const PATIENCE_MS = 30_000;
const AGAIN_MS = 200;
/** Flags what is asked about here, so that the reviewer of the load leaves it alone. */
const FLAGGER = 'reviewer';
const ids = timeOrderedIds(systemClock);

/** Sets the clock of single processes while they run, and asks a gateway about what must not depend on it. */
export class ClockJump {
  findings = [];

  /** @param tokens secrets: administrator, and two further reviewers */
  constructor({ processes, tokens, known, chance }) {
    Object.assign(this, { processes, tokens, known, chance });
  }

  /** A gateway's, and then that of a process with another role: an hour off, an hour off the other way, right again. */
  async run() {
    const settable = this.processes.filter(({ clock }) => clock);
    const gateway = settable.find(({ role }) => role === 'gateway');
    const other = this.chance.oneOf(settable.filter(({ role }) => role !== 'gateway'));
    const honest = this.processes.find(({ role, clock }) => role === 'gateway' && !clock);
    const told = [];
    for (const one of [gateway, other]) {
      const ahead = this.chance.oneOf([HOUR_S, -HOUR_S]);
      for (const aheadS of [ahead, -ahead, 0]) {
        await one.clock.set(aheadS);
        await Promise.all([gateway.ready(), honest.ready()]);
        if (one === gateway) await this.#ask(one, honest, aheadS);
        else await sleep(this.chance.between(LEAST_AWRY_MS, MOST_AWRY_MS));
      }
      told.push(`${one.name} by ${ahead} s, ${-ahead} s and 0 s`);
    }
    return `set the clocks of ${told.join(' and ')}`;
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
    if (!allowed.decision) blame(`denied one in good standing: ${allowed.context.reason}`);
    const suspended = await this.#decision(url, SUSPENDED);
    if (systemClock.now() < this.known.until && suspended.context.reason !== 'account-suspended')
      blame('let one in whose suspension was not over');
  }

  /** Past the first catch-up after a fault before. */
  async #decision(url, accountId) {
    const decided = ({ body }) => body.context.reason !== 'decision-point-stale';
    return (await this.#insist(url, this.tokens.administrator, '/access/v1/evaluation', question(accountId), decided))
      .body;
  }

  /** More than the week still has room for, unless one takes it for over. */
  async #askForTooMany({ url }, blame) {
    const cohort = { cohortId: `cohort-${ids.next()}`, size: LET_IN_LONG_AGO };
    const { status, body } = await this.#insist(url, this.tokens.administrator, '/v1/cohorts', cohort);
    if (systemClock.now() < this.known.until && status !== 409) blame(`admitted too many: ${JSON.stringify(body)}`);
  }

  /** A case that one reviewer has claimed at one gateway is asked for by another reviewer at the other. */
  async #claimTwice(first, second, blame) {
    const caseId = await this.#openCase(first.url);
    const path = `/v1/cases/${caseId}`;
    const opened = ({ status }) => status !== 404;
    const { status, body } = await this.#insist(first.url, this.tokens.reviewerA, `${path}/claim`, undefined, opened);
    if (status !== 200) blame(`had a claim answered with ${status} ${JSON.stringify(body)}`);
    const other = await this.#insist(second.url, this.tokens.reviewerB, `${path}/claim`);
    if (other.status !== 409) blame(`let ${caseId} be claimed at ${second.name} while ${first.name} had granted it`);
    await this.#insist(second.url, this.tokens.reviewerA, `${path}/verdicts`, { verdict: 'safe' });
  }

  async #openCase(url) {
    const imageId = `img-clock-${ids.next()}`;
    const facts = [
      { type: 'ImageGenerated', data: { imageId, accountId: IN_GOOD_STANDING } },
      { type: 'ContentFlagged', data: { imageId, flaggedBy: FLAGGER, flaggerKind: 'user', categories: ['violent'] } },
    ];
    for (const one of facts) {
      const event = { specversion: '1.0', id: ids.next(), source: '/crash-test', ...one };
      const taken = ({ status }) => status === 202;
      await this.#insist(url, this.tokens.administrator, '/v1/events', event, taken, 'application/cloudevents+json');
    }
    return imageId;
  }

  /** Asks again while the answer is "later", or not the one that is waited for. */
  async #insist(url, token, path, body, isAwaited = () => true, mediaType) {
    let answer;
    for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await sleep(AGAIN_MS)) {
      answer = await askAt(url, token, 'POST', path, body, { mediaType });
      if (answer && answer.status < 500 && answer.status !== 429 && isAwaited(answer)) return answer;
    }
    throw new Error(
      `POST ${path} was answered for ${PATIENCE_MS} ms with ${answer?.status} ${JSON.stringify(answer?.body)}`,
    );
  }
}
