import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { dyingAfter } from '../../../test/support/dying-log.js';
import { eventRules } from '../../../test/support/event-rules.js';
import { foldView } from '../../../test/support/fold-view.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { expectOnboardingInvariants } from '../../../test/support/onboarding-invariants.js';
import {
  type AccountEvent,
  type AccountStanding,
  accountStream,
  deactivateAccount,
  joinWaitlist,
  leaveWaitlist,
  reinstateAccount,
  setWaitlistClass,
  waitlistClassStream,
} from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import { DAY_MS, WEEK_MS } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { GatehouseError } from '../../kernel/errors.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { type Waitlist, waitlistEntriesView } from '../../waitlist/index.js';
import { admissionPlanStream, setClassPlan, setSchedule } from '../admission-plan.js';
import type { ClassPlan } from '../class-plan.js';
import { orderClosing } from '../closing-cohort.js';
import { WEEKDAYS } from '../plan-events.js';
import { PeopleLeft } from '../queries/people-left.js';
import { admitCohort, cohortsBeingOnboarded, rolloutStream, setRate } from '../rollout.js';
import { onboarding } from './onboarding.js';
import { CohortScheduler } from './scheduler.js';

type Step =
  | { kind: 'join' | 'leave' | 'rejoin' | 'deactivate' | 'reinstate'; who: number }
  | { kind: 'rate'; perWeek: number; daily?: boolean }
  | { kind: 'classify'; who: number; class: string }
  | { kind: 'plan'; mode: ClassPlan['mode']; shares: readonly number[] }
  | { kind: 'schedule'; every: number }
  | { kind: 'tick'; skewMs: readonly number[] }
  | { kind: 'admit'; cohort: number; size: number }
  | { kind: 'close'; cohort: number }
  | { kind: 'list'; cohort: number; who: number[] }
  | { kind: 'pass'; ms: number }
  | { kind: 'react'; appends: number; meanwhile?: readonly Step[] };

const HOUR_MS = 3_600_000;
/** Few people, so that much happens to each. */
const who = fc.nat(4);
const cohort = fc.nat(40);
const life: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('join' as const, 'join', 'leave', 'rejoin', 'deactivate', 'reinstate'),
      who,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('classify' as const),
      who,
      class: fc.constantFrom('artists', 'general', 'hold-out', 'staff'),
    }),
  },
);
const pass = fc.record({
  kind: fc.constant('pass' as const),
  ms: fc.constantFrom(-8 * DAY_MS, -WEEK_MS, -6 * HOUR_MS, -HOUR_MS, HOUR_MS, DAY_MS, 6 * DAY_MS, WEEK_MS),
});
const admit: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('admit' as const), cohort, size: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('list' as const),
      cohort,
      who: fc.uniqueArray(who, { minLength: 1, maxLength: 3 }),
    }),
  },
);
/** One of those that are being onboarded. */
const close = fc.record({ kind: fc.constant('close' as const), cohort });
/** @param meanwhile what happens after the line was read and before the cohort is filled from it */
const react = (appends: number, meanwhile: readonly Step[] = []): Step => ({ kind: 'react', appends, meanwhile });
/** Other commands come while a cohort is admitted and onboarded in part or not at all. */
const interruptedOnboarding = fc
  .tuple(
    admit,
    fc.nat(4),
    fc.array(life, { maxLength: 3 }),
    fc.array(fc.oneof({ weight: 3, arbitrary: life }, pass, admit, close), { maxLength: 4 }),
  )
  .map(([first, appends, meanwhile, between]): Step[] => [
    first,
    react(appends, meanwhile),
    ...between,
    react(Number.POSITIVE_INFINITY),
  ]);
/** Somebody of the line leaves and rejoins between its reading and the choice. */
const overtaken = fc
  .tuple(cohort, fc.integer({ min: 1, max: 3 }), who)
  .map(([id, size, back]): Step[] => [
    ...[0, 2, 4, 1, 3].map((person): Step => ({ kind: 'join', who: person })),
    { kind: 'admit', cohort: id, size },
    react(Number.POSITIVE_INFINITY, [{ kind: 'rejoin', who: back }]),
  ]);
const rate = fc.record({ kind: fc.constant('rate' as const), perWeek: fc.nat(5), daily: fc.boolean() });
const plan = fc.oneof(
  fc.record({
    kind: fc.constant('plan' as const),
    mode: fc.constantFrom('weights' as const, 'quotas' as const),
    shares: fc.tuple(fc.nat(50), fc.nat(50)),
  }),
  fc.constant<Step>({ kind: 'plan', mode: 'order', shares: [] }),
);
const schedule = fc.record({ kind: fc.constant('schedule' as const), every: fc.constantFrom(1, 6, 12) });
/** Two schedulers at once, each with its own clock. */
const tick = fc.record({
  kind: fc.constant('tick' as const),
  skewMs: fc.tuple(fc.constantFrom(0, -HOUR_MS, 2 * HOUR_MS), fc.constantFrom(0, 60_000)),
});
/** Schedulers admit while the consumer lags, retries and dies, and the clock goes on. */
const scheduled = fc
  .array(fc.tuple(tick, fc.nat(4), pass, tick, fc.boolean()), { minLength: 1, maxLength: 4 })
  .map((rounds) =>
    rounds.flatMap(([first, appends, then, second, isFinished]): Step[] => [
      ...[first, react(appends), then, second],
      ...(isFinished ? [react(Number.POSITIVE_INFINITY)] : []),
    ]),
  );
const steps = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.array<Step>(life, { minLength: 1, maxLength: 3 }) },
      { weight: 3, arbitrary: interruptedOnboarding },
      { weight: 1, arbitrary: overtaken },
      { weight: 2, arbitrary: scheduled },
      { weight: 1, arbitrary: fc.oneof(pass, rate, plan, schedule).map((step): Step[] => [step]) },
    ),
    { minLength: 5, maxLength: 25, size: 'max' },
  )
  .map((parts) => parts.flat());

const CONTEXT: CommandContext = { actor: { kind: 'user', id: 'spec' }, correlationid: 'spec' };

/** Refusals are expected. */
const unlessRefused = (done: Promise<unknown>) =>
  done.catch((error) => {
    if (!(error instanceof GatehouseError)) throw error;
  });

/** A rollout in memory: only its log and the waitlist's table are not the real ones. */
function memoryWorld() {
  const clock = { time: Date.parse('2022-05-18T09:00:00Z'), now: () => clock.time };
  const ids = timeOrderedIds(clock);
  const { events, store } = memoryLog();
  const transactorOn = (on: typeof store) => new Transactor(on, ids, clock, eventRules);
  const transactor = transactorOn(store);
  const waiting = () =>
    Object.values(foldView(waitlistEntriesView, events).rows).filter(({ status }) => status === 'waiting');
  /** Of each class so many. */
  const line = (people: number) =>
    waiting()
      .sort((a, b) => a.priority - b.priority || a.joined_position - b.joined_position)
      .map((row) => ({ accountId: row.account_id, class: row.class }))
      .filter((one, n, all) => all.slice(0, n).filter((other) => other.class === one.class).length < people);
  const nextInLine = (meanwhile: readonly Step[]) => async (people: number) => {
    const answer = { people: line(people), asOf: events.length };
    for (const step of meanwhile) await unlessRefused(perform(step));
    return answer;
  };
  const of = (step: { who: number }) => `p${step.who}`;
  const account = (accountId: string, decide: (state: AccountStanding) => AccountEvent[]) =>
    transactor.transact(accountStream, accountId, CONTEXT, decide);
  const leave = (accountId: string) => account(accountId, (state) => leaveWaitlist(state, accountId));
  const join = (accountId: string, priority: number) =>
    account(accountId, (state) =>
      joinWaitlist(state, { accountId, email: `${accountId}@example.org`, priority }, clock.time),
    );
  const admitted = (cohort: { cohortId: string; size?: number; accounts?: string[] }) =>
    transactor.transact(rolloutStream, undefined, CONTEXT, (state) =>
      admitCohort(state, { ...cohort, now: clock.time }),
    );

  const waitingNow: Waitlist['waitingNow'] = async ({ among } = {}) =>
    waiting().filter((row) => !among || among.classes.includes(row.class) !== among.isAllBut).length;
  const peopleLeft = new PeopleLeft(transactor, { waitingNow } as unknown as Waitlist, { decisionWaitMs: 0 }, clock);
  const scheduler = (skewMs: number) =>
    new CohortScheduler(
      ...([transactorOn(store), peopleLeft, { now: () => clock.time + skewMs }, pino({ level: 'silent' })] as const),
      { beforeAdmission: async () => {} },
    );

  async function perform(step: Step): Promise<unknown> {
    switch (step.kind) {
      case 'join':
        return join(of(step), step.who % 2);
      case 'leave':
        return leave(of(step));
      case 'rejoin':
        await leave(of(step));
        return join(of(step), step.who % 2);
      case 'deactivate':
        return account(of(step), (state) =>
          deactivateAccount(state, { accountId: of(step), reason: 'spec', categories: [] }),
        );
      case 'reinstate':
        return account(of(step), (state) => reinstateAccount(state, { accountId: of(step), reason: 'spec' }, 0));
      case 'rate':
        return transactor.transact(rolloutStream, undefined, CONTEXT, (state) =>
          setRate(state, step.perWeek, step.daily),
        );
      case 'classify':
        return transactor.transact(waitlistClassStream, of(step), CONTEXT, (state) =>
          setWaitlistClass(state, { accountId: of(step), class: step.class, reason: 'spec' }),
        );
      case 'plan': {
        const classes = ['artists', 'general'].map((name, n) => ({
          ...{ class: name, ...(step.mode !== 'order' && { share: step.shares[n] }) },
        }));
        return transactor.transact(admissionPlanStream, undefined, CONTEXT, (state) =>
          setClassPlan(state, { mode: step.mode, classes }, 'spec'),
        );
      }
      case 'schedule': {
        const hours = Array.from({ length: 24 / step.every }, (_, n) => n * step.every);
        return transactor.transact(admissionPlanStream, undefined, CONTEXT, (state) =>
          setSchedule(state, { timeZone: 'Europe/London', days: WEEKDAYS, hours }, 'spec'),
        );
      }
      case 'tick':
        return Promise.all(step.skewMs.map((ms) => unlessRefused(scheduler(ms).tick())));
      case 'admit':
        return admitted({ cohortId: `c${step.cohort}`, size: step.size });
      case 'list':
        return admitted({ cohortId: `c${step.cohort}`, accounts: step.who.map((who) => of({ who })) });
      case 'close': {
        const { state } = await transactor.load(rolloutStream, undefined);
        const awaited = cohortsBeingOnboarded(state);
        const one = awaited[step.cohort % Math.max(1, awaited.length)];
        return transactor.transact(rolloutStream, undefined, CONTEXT, (now) =>
          orderClosing(now, one?.cohortId ?? 'none', 'spec'),
        );
      }
      case 'pass':
        clock.time += step.ms;
        return undefined;
      case 'react':
        return reactAndDie(step.appends, step.meanwhile ?? []);
    }
  }

  /** Handles every admission, as a reactor without a checkpoint would. */
  async function reactAndDie(appends: number, meanwhile: readonly Step[]): Promise<void> {
    const { react } = onboarding(transactorOn(dyingAfter(store, appends)), store, nextInLine(meanwhile), clock);
    try {
      for (const event of [...events]) if (event.type === 'CohortAdmitted') await react(event);
    } catch (error) {
      if ((error as Error).message !== 'killed') throw error;
    }
  }

  return { events, perform };
}

const areClosed = (events: readonly { type: string }[]): boolean => {
  const numberOf = (type: string) => events.filter((event) => event.type === type).length;
  return numberOf('CohortAdmitted') === numberOf('CohortClosed');
};

it('keeps the rate and the order of the waitlist and onboards nobody twice, whatever happens in any order', async () => {
  let people = 0;
  let ended = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const { events, perform } = memoryWorld();
      for (const step of [{ kind: 'rate', perWeek: 3 } as Step, ...sequence, react(Number.POSITIVE_INFINITY)]) {
        await unlessRefused(perform(step));
      }
      // A cohort may wait until the clock is past people whom it did not count.
      for (let days = 0; days < 100 && !areClosed(events); days++) {
        await perform({ kind: 'pass', ms: DAY_MS });
        await unlessRefused(perform(react(Number.POSITIVE_INFINITY)));
      }
      expectOnboardingInvariants(events);
      people += events.filter(({ type }) => type === 'AccountOnboarded').length;
      ended += events.filter(({ type }) => type === 'CohortClosingOrdered').length;
    }),
    { numRuns: 300 },
  );
  expect(people).toBeGreaterThan(300);
  expect(ended).toBeGreaterThan(30);
});
