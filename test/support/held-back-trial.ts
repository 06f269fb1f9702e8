import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Standalone } from '../../apps/standalone/standalone.js';
import { isWaiting, waitingTurn } from '../../libs/account/index.js';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';
import { expectAddressInvariants } from './address-invariants.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from './gatehouse.js';
import { type HeldBack, heldBack, releaseAll } from './held-back.js';
import { judge } from './judge.js';
import { expectOnboardingInvariants } from './onboarding-invariants.js';
import { expectReviewInvariants, imageBefore } from './review-invariants.js';
import { wholeLog } from './whole-log.js';

/*
 * Facts and commands arrive in one batch, in two, again, at once, and over two processes, while each consumer and the views
 * are held back at random. Nothing may wait in real time, so a decision that has to wait answers 503 at once and is sent
 * again later.
 */
const PEOPLE = ['p0', 'p1', 'p2', 'p3'];

/** Decisions that every trial is to take: without them it would prove nothing. */
export const DECISIONS = ['VerdictGiven', 'ReviewConfirmed', 'CohortFilled', 'AccountOnboarded', 'AddressChanged'];

interface World {
  gatehouse: TestGatehouse;
  second: Standalone;
  workers: HeldBack[];
  /** By process. */
  services: Client[];
  /** By process and name. */
  reviewers: Map<string, Client>[];
}

async function openWorld(): Promise<World> {
  const env = { GATEHOUSE_DECISION_WAIT_MS: '0', GATEHOUSE_ACCESS_WAIT_MS: '0' };
  const gatehouse = await startGatehouse({ env });
  const second = await gatehouse.beside({ env });
  const token = gatehouse.administratorToken;
  const tokens = gatehouse.app.get(TokenRegistry);
  const reviewers: World['reviewers'] = [new Map(), new Map()];
  for (const name of PEOPLE) {
    const { secret } = await tokens.create({ name, roles: ['reviewer'], createdBy: 'test' });
    for (const [n, { url }] of [gatehouse, second].entries()) reviewers[n]!.set(name, client(url, secret));
  }
  await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 100_000 });
  const services = [client(gatehouse.url, token), client(second.url, token)];
  return { gatehouse, second, workers: heldBack(gatehouse), services, reviewers };
}

type ValueOf<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;
const person = fc.constantFrom(...PEOPLE);
const image = fc.constantFrom('a', 'b');
const account = fc.constantFrom('x', 'y', 'z');
const verdict = fc.constantFrom('safe', 'unsafe', 'unsure');
const flag = fc.record({ type: fc.constant('ContentFlagged' as const), image, person });
const made = fc.record({ type: fc.constant('ImageGenerated' as const), image, person, earlier: fc.nat(9) });
const judged = fc.record({ type: fc.constant('VerdictGiven' as const), image, person, verdict });
const confirmed = fc.record({ type: fc.constant('ReviewConfirmed' as const), image, person });
const joined = fc.record({ type: fc.constant('WaitlistJoined' as const), account });
const cohort = fc.record({
  type: fc.constant('CohortOnboarded' as const),
  accounts: fc.uniqueArray(account, { minLength: 1 }),
});
const event = fc.oneof(
  { weight: 3, arbitrary: flag },
  { weight: 2, arbitrary: made },
  { weight: 3, arbitrary: judged },
  confirmed,
  joined,
  cohort,
);
type Sent = ValueOf<typeof event>;

const batch = fc.record({
  kind: fc.constant('batch' as const),
  at: fc.nat(1),
  events: fc.oneof(
    fc.array(event, { minLength: 1, maxLength: 4 }),
    fc.tuple(joined, joined, joined, cohort),
    fc.tuple(flag, judged),
  ),
});
const joins = fc.record({
  kind: fc.constant('batch' as const),
  at: fc.nat(1),
  events: fc.array(fc.oneof(joined, cohort), { minLength: 1, maxLength: 4 }),
});
const email = fc.constantFrom('x', 'y', 'z', 'w');
const ofAccount = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), at: fc.nat(1), email }),
  fc.record({ kind: fc.constant('form' as const), at: fc.nat(1), email }),
  fc.record({ kind: fc.constant('change' as const), at: fc.nat(1), account, email }),
  fc.record({ kind: fc.constant('leave' as const), at: fc.nat(1), account }),
  fc.record({ kind: fc.constant('deactivate' as const), at: fc.nat(1), account }),
  fc.record({ kind: fc.constant('reinstate' as const), at: fc.nat(1), account }),
);
const ofReview = fc.record({ kind: fc.constant('verdict' as const), at: fc.nat(1), image, person, verdict });
const step = fc.oneof(
  { weight: 5, arbitrary: batch },
  { weight: 2, arbitrary: ofReview },
  fc.record({ kind: fc.constant('again' as const), at: fc.nat(1), which: fc.nat() }),
  fc.record({ kind: fc.constant('may-review' as const), at: fc.nat(1), image, person }),
  fc.record({ kind: fc.constant('admit' as const), size: fc.integer({ min: 1, max: 2 }) }),
  ofAccount,
  // No flags: one that is stored during a verdict need not count for it.
  fc.record({
    kind: fc.constant('at-once' as const),
    all: fc.array(fc.oneof({ weight: 3, arbitrary: ofAccount }, ofReview, joins), { minLength: 2, maxLength: 4 }),
  }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('run' as const), worker: fc.nat(9), held: fc.nat(6) }) },
);
type Step = ValueOf<typeof step> | ValueOf<typeof ofAccount>;
interface Incoming {
  event: ReturnType<typeof cloudEvent>;
  sent: Sent;
}

/** What the steps lead to depends on their order, which differs between runs of one seed. */
const MAX_ROUNDS = 6;

/**
 * Tries random steps, again if they led to no decision of some kind; then every consumer processes everything, and what was not answered is sent again.
 * @returns how often each kind of decision was taken
 */
export async function tryHeldBack({ runs, steps }: { runs: number; steps: number }): Promise<Map<string, number>> {
  const world = await openWorld();
  const decided = new Map<string, number>();
  try {
    let run = 0;
    const property = fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: steps, size: 'max' }), async (all) => {
      const stored = await new Trial(world, `r${run++}`).perform(all);
      for (const type of stored) decided.set(type, (decided.get(type) ?? 0) + 1);
    });
    const { seed = 0 } = fc.readConfigureGlobal();
    for (let round = 0; round === 0 || (round < MAX_ROUNDS && !DECISIONS.every((type) => decided.has(type))); round++) {
      // A smaller example would cost many more runs than it would explain.
      await fc.assert(property, { seed: seed + round, numRuns: runs, endOnFailure: true });
    }
  } finally {
    await world.second.close();
    await world.gatehouse.close();
  }
  return decided;
}

let flags = 0;

/** One run, with entities of its own. */
class Trial {
  private readonly sent: Incoming[][] = [];
  private readonly unanswered: Incoming[][] = [];
  /** Whether other steps are under way, so that an answer may not fit the log any more. */
  private isShared = false;

  constructor(
    private readonly world: World,
    private readonly prefix: string,
  ) {}

  /** @returns the types of the events that the run has stored */
  async perform(steps: readonly Step[]): Promise<string[]> {
    const { gatehouse, workers } = this.world;
    const { store } = gatehouse.runtime;
    const start = await store.head();
    for (const one of steps) await this.step(one);
    await releaseAll(gatehouse, workers);
    for (const events of this.unanswered.splice(0)) await this.send(0, events);
    expect(this.unanswered).toEqual([]);
    await releaseAll(gatehouse, workers);
    const log = await wholeLog(store);
    expectReviewInvariants(log, start);
    expectOnboardingInvariants(log);
    expectAddressInvariants(log);
    return log.flatMap(({ type, position }) => (position > start ? [type] : []));
  }

  private async step(one: Step): Promise<void> {
    const { gatehouse, services, reviewers, workers } = this.world;
    switch (one.kind) {
      case 'batch': {
        const inOrder = [...one.events].sort((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type));
        const events = inOrder.map((sent) => ({ sent, event: cloudEvent(sent.type, this.dataOf(sent), timeOf(sent)) }));
        this.sent.push(events);
        return this.send(one.at, events);
      }
      case 'again': {
        const events = this.sent[one.which % this.sent.length];
        return events && this.send(one.at, events);
      }
      case 'at-once':
        this.isShared = true;
        await Promise.all(one.all.map((each) => this.step(each)));
        this.isShared = false;
        return;
      case 'verdict': {
        const reviewer = reviewers[one.at]!.get(one.person)!;
        const { status } = await judge(reviewer, `${this.prefix}-${one.image}`, one.verdict);
        return expect([200, 404, 409, 503]).toContain(status);
      }
      case 'may-review':
        return this.mayReview(one.at, `${this.prefix}-${one.image}`, one.person);
      case 'admit': {
        const { status } = await gatehouse.administrator.post('/v1/cohorts', { size: one.size });
        return expect([202, 409, 503]).toContain(status);
      }
      case 'join':
      case 'form': {
        const { url } = [gatehouse, this.world.second][one.at]!;
        const caller = one.kind === 'form' ? client(url) : services[one.at]!;
        const { status } = await caller.post('/v1/waitlist', { email: this.emailOf(one.email) });
        return expect([202, ...(one.kind === 'join' ? [409] : [])]).toContain(status);
      }
      case 'run':
        await workers[one.worker % workers.length]!.run(one.held);
        return;
      default: {
        const service = services[one.at]!;
        const accountId = `${this.prefix}-${one.account}`;
        const path = `/v1/accounts/${accountId}`;
        const calls = {
          change: () => service.put(`${path}/address`, { email: this.emailOf('email' in one ? one.email : '') }),
          leave: () => service.delete(`/v1/waitlist/${accountId}`),
          deactivate: () => service.post(`${path}/deactivation`, { reason: 'spec' }),
          reinstate: () => service.post(`${path}/reinstatement`, { reason: 'spec' }),
        };
        expect([200, 404, 409]).toContain((await calls[one.kind]()).status);
      }
    }
  }

  private emailOf(account: string): string {
    return `${this.prefix}-${account}@example.org`;
  }

  private dataOf(sent: Sent) {
    const imageId = `${this.prefix}-${'image' in sent ? sent.image : ''}`;
    const caseId = imageId;
    switch (sent.type) {
      case 'ContentFlagged':
        // A category of its own, so that none is a repeat.
        return { imageId, flaggedBy: sent.person, flaggerKind: 'user', categories: [`c${flags++}`] };
      case 'ImageGenerated':
        return { imageId, accountId: sent.person };
      case 'VerdictGiven':
        return { caseId, reviewer: sent.person, verdict: sent.verdict };
      case 'ReviewConfirmed':
        return { caseId, imageId, categories: [], reviewers: [sent.person] };
      case 'WaitlistJoined':
        return { accountId: `${this.prefix}-${sent.account}`, email: this.emailOf(sent.account) };
      case 'CohortOnboarded':
        return {
          cohortId: `${this.prefix}-${flags++}`,
          accounts: sent.accounts.map((one) => `${this.prefix}-${one}`),
          perWeek: 1,
        };
    }
  }

  private async send(at: number, incoming: Incoming[]): Promise<void> {
    const events = incoming.map(({ event }) => event);
    const { status, body } = await this.world.services[at]!.post('/v1/events', events, {
      'content-type': 'application/cloudevents-batch+json',
    });
    if (status === 503) this.unanswered.push(incoming);
    else {
      expect(status).toBe(202);
      for (const [n, result] of body.results.entries()) await this.check(events[n]!, result);
    }
  }

  private async check({ type, data }: Incoming['event'], result: Record<string, string>): Promise<void> {
    const { store, transactor } = this.world.gatehouse.runtime;
    const log = await wholeLog(store);
    if (result.reason === 'case-unknown' && !this.isShared) {
      expect(imageBefore(log, String(data.caseId), Number.POSITIVE_INFINITY).flaggers).toEqual([]);
    }
    if (result.reason === 'not-waiting' && !this.isShared) {
      const turns = (data.accounts as string[]).map((id) => transactor.load(waitingTurn, id));
      expect((await Promise.all(turns)).every(({ state }) => isWaiting(state))).toBe(false);
    }
    // A verdict changes nothing only if the case is decided, or its reviewer was heard.
    if (type === 'VerdictGiven' && result.outcome === 'duplicate') {
      const before = imageBefore(log, String(data.caseId), Number(result.position));
      // Sent again, it may be stored already.
      const isStored = log.find(({ position }) => position === Number(result.position))?.type === type;
      const isHeard = isStored || before.voters.some((voter) => voter.endsWith(` ${data.reviewer}`));
      expect(isHeard || before.isConfirmed || before.flaggers.length === 0).toBe(true);
    }
  }

  private async mayReview(at: number, id: string, reviewer: string): Promise<void> {
    const { store } = this.world.gatehouse.runtime;
    const minPosition = await store.head();
    const log = await wholeLog(store);
    const { body } = await this.world.services[at]!.post('/access/v1/evaluation', {
      subject: { type: 'reviewer', id: reviewer },
      action: { name: 'review' },
      resource: { type: 'case', id },
      context: { minPosition },
    });
    if (!body.decision) return;
    const { flaggers, owner } = imageBefore(log, id, Number.POSITIVE_INFINITY);
    expect(flaggers).not.toContain(reviewer);
    expect(owner).not.toBe(reviewer);
  }
}

/** Joins before the cohorts that need them; the rest in any order. */
const ORDER = [
  'VerdictGiven',
  'ReviewConfirmed',
  'ContentFlagged',
  'ImageGenerated',
  'WaitlistJoined',
  'CohortOnboarded',
];
const NOON = Date.parse('2022-05-18T12:00:00Z');
const timeOf = (sent: Sent) =>
  sent.type === 'ImageGenerated' ? { time: new Date(NOON - sent.earlier * 1_000).toISOString() } : {};
