import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Standalone } from '../../apps/standalone/standalone.js';
import { isWaiting, waitingTurn } from '../../libs/account/index.js';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { type HeldBack, heldBack, releaseAll } from '../support/held-back.js';
import { expectOnboardingInvariants } from '../support/onboarding-invariants.js';
import { expectReviewInvariants, imageBefore } from '../support/review-invariants.js';
import { wholeLog } from '../support/whole-log.js';

/*
 * Facts and commands arrive in one batch, in two, and over two processes, while each consumer and the views are held back
 * at random. Nothing may wait in real time, so a decision that has to wait answers 503 at once and is sent again later.
 */
const PEOPLE = ['p0', 'p1', 'p2', 'p3'];
const FEW_MORE = 10;
let gatehouse: TestGatehouse;
let second: Standalone;
let workers: HeldBack[];
let services: Client[];
/** By process and name. */
let reviewers: Map<string, Client>[];

beforeAll(async () => {
  const env = { GATEHOUSE_DECISION_WAIT_MS: '0', GATEHOUSE_ACCESS_WAIT_MS: '0' };
  gatehouse = await startGatehouse({ env });
  second = await gatehouse.beside({ env });
  workers = heldBack(gatehouse);
  const token = gatehouse.administratorToken;
  services = [client(gatehouse.url, token), client(second.url, token)];
  const tokens = gatehouse.app.get(TokenRegistry);
  reviewers = [new Map(), new Map()];
  for (const name of PEOPLE) {
    const { secret } = await tokens.create({ name, roles: ['reviewer'], createdBy: 'test' });
    for (const [n, { url }] of [gatehouse, second].entries()) reviewers[n]!.set(name, client(url, secret));
  }
  await gatehouse.administrator.put('/v1/onboarding/rate', { perWeek: 100_000 });
});
afterAll(async () => {
  await second.close();
  await gatehouse.close();
});

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
const step = fc.oneof(
  { weight: 5, arbitrary: batch },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('verdict' as const), at: fc.nat(1), image, person, verdict }) },
  fc.record({ kind: fc.constant('may-review' as const), at: fc.nat(1), image, person }),
  fc.record({ kind: fc.constant('admit' as const), size: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ kind: fc.constant('leave' as const), account }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('run' as const), worker: fc.nat(9), held: fc.nat(6) }) },
);

let runs = 0;
let flags = 0;

it('takes no decision on something older than what was stored before it', async () => {
  let decided = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 40, size: 'max' }), async (steps) => {
      const prefix = `r${runs++}`;
      const { store, transactor } = gatehouse.runtime;
      const start = await store.head();
      const unanswered: { event: ReturnType<typeof cloudEvent>; sent: Sent }[][] = [];
      const toEvent = (sent: Sent) => {
        const imageId = `${prefix}-${'image' in sent ? sent.image : ''}`;
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
            return { accountId: `${prefix}-${sent.account}`, email: `${prefix}-${sent.account}@example.org` };
          case 'CohortOnboarded':
            return {
              cohortId: `${prefix}-${flags++}`,
              accounts: sent.accounts.map((one) => `${prefix}-${one}`),
              perWeek: 1,
            };
        }
      };

      async function send(at: number, sent: { event: ReturnType<typeof cloudEvent>; sent: Sent }[]) {
        const events = sent.map(({ event: one }) => one);
        const { status, body } = await services[at]!.post('/v1/events', events, {
          'content-type': 'application/cloudevents-batch+json',
        });
        if (status === 503) unanswered.push(sent);
        else {
          expect(status).toBe(202);
          for (const [n, result] of body.results.entries()) await check(events[n]!, result);
        }
      }

      async function check({ type, data }: ReturnType<typeof cloudEvent>, result: Record<string, string>) {
        const log = await wholeLog(store);
        if (result.reason === 'case-unknown') {
          expect(imageBefore(log, String(data.caseId), Number.POSITIVE_INFINITY).flaggers).toEqual([]);
        }
        if (result.reason === 'not-waiting') {
          const turns = (data.accounts as string[]).map((id) => transactor.load(waitingTurn, id));
          expect((await Promise.all(turns)).every(({ state }) => isWaiting(state))).toBe(false);
        }
        // A verdict changes nothing only if the case is decided, or its reviewer was heard.
        if (type === 'VerdictGiven' && result.outcome === 'duplicate') {
          const before = imageBefore(log, String(data.caseId), Number(result.position));
          // Sent again, it may be stored already.
          const isStored = log.find(({ position }) => position === Number(result.position))?.type === type;
          const isHeard = isStored || before.voters.includes(data.reviewer);
          expect(isHeard || before.isConfirmed || before.flaggers.length === 0).toBe(true);
        }
      }

      async function perform(one: ValueOf<typeof step>) {
        switch (one.kind) {
          case 'batch': {
            const inOrder = [...one.events].sort((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type));
            return send(
              one.at,
              inOrder.map((sent) => ({ sent, event: cloudEvent(sent.type, toEvent(sent), timeOf(sent)) })),
            );
          }
          case 'verdict': {
            const path = `/v1/cases/${prefix}-${one.image}/verdicts`;
            const { status } = await reviewers[one.at]!.get(one.person)!.post(path, { verdict: one.verdict });
            return expect([200, 404, 409, 503]).toContain(status);
          }
          case 'may-review':
            return mayReview(one.at, `${prefix}-${one.image}`, one.person);
          case 'admit':
            return expect([202, 409, 503]).toContain(
              (await gatehouse.administrator.post('/v1/cohorts', { size: one.size })).status,
            );
          case 'leave':
            return void (await gatehouse.administrator.delete(`/v1/waitlist/${prefix}-${one.account}`));
          case 'run':
            return workers[one.worker % workers.length]!.run(one.held);
        }
      }

      async function mayReview(at: number, id: string, reviewer: string) {
        const minPosition = await store.head();
        const log = await wholeLog(store);
        const { body } = await services[at]!.post('/access/v1/evaluation', {
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

      for (const one of steps) await perform(one);
      await releaseAll(gatehouse, workers);
      for (const sent of unanswered.splice(0)) await send(0, sent);
      expect(unanswered).toEqual([]);
      await releaseAll(gatehouse, workers);
      const log = await wholeLog(store);
      expectReviewInvariants(log, start);
      expectOnboardingInvariants(log);
      decided = log.filter(({ type }) => type === 'VerdictGiven').length;
    }),
    { numRuns: 12 },
  );
  expect(decided).toBeGreaterThan(FEW_MORE);
});

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
