import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { dyingAfter } from '../../../test/support/dying-log.js';
import { eventRules } from '../../../test/support/event-rules.js';
import { foldView } from '../../../test/support/fold-view.js';
import { expectInvitationInvariants } from '../../../test/support/invitation-invariants.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { expectOnboardingInvariants } from '../../../test/support/onboarding-invariants.js';
import {
  type AccountEvent,
  type AccountStanding,
  acceptInvitation,
  accountStream,
  changeAddress,
  confirmationHashOf,
  confirmByLink,
  deactivateAccount,
  invitedAccount,
  joinWaitlist,
  leaveWaitlist,
  reinstateAccount,
  requestConfirmation,
  setWaitlistClass,
  type WaitingTurn,
  waitingTurn,
  waitlistClassStream,
} from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import { DAY_MS, WEEK_MS } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { GatehouseError, Unavailable } from '../../kernel/errors.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { jointConsumer } from '../../subscriptions/joint-consumer.js';
import { waitlistEntriesView } from '../../waitlist/index.js';
import type { RolloutEvent } from '../events.js';
import { batchOf, placesOf } from '../held-places.js';
import { holdPlaces } from '../hold-places.js';
import { admitCohort, pauseOnboarding, type Rollout, resumeOnboarding, rolloutStream, setRate } from '../rollout.js';
import { freeWithdrawn, withdrawInvitations } from '../withdraw-invitations.js';
import { InvitationClock } from './invitation-clock.js';
import { inviting } from './inviting.js';
import { FILLING_PLACES, onboarding } from './onboarding.js';

const HOUR_MS = 3_600_000;
const PEOPLE = 6;
const who = fc.nat(PEOPLE - 1);
const ALWAYS = Number.POSITIVE_INFINITY;

/** `appends`: how many it stores before it dies; `by`: which scheduler; `ahead`: by how much its clock is; `lag`: of the view. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('join' as const, 'join', 'leave', 'rejoin'), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('deactivate' as const, 'reinstate'), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('ask' as const, 'move', 'confirm', 'confirm'), who }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('invite' as const),
      batch: fc.nat(5),
      accounts: fc.option(fc.uniqueArray(who, { minLength: 1, maxLength: 4 }), { nil: undefined }),
      size: fc.integer({ min: 1, max: 4 }),
      days: fc.integer({ min: 1, max: 9 }),
    }),
  },
  // `isLate`: it looked which batches are withdrawn before the last of them was.
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('accept' as const), who, isLate: fc.boolean() }) },
  // `isKnown`: whether the view is there to say how many accepted; `isBeside`: while a consumer fills.
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('withdraw' as const),
      batch: fc.nat(5),
      isKnown: fc.boolean(),
      isBeside: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('classify' as const),
      who,
      class: fc.constantFrom('artists', 'general', 'hold-out'),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({ kind: fc.constant('fill' as const), appends: fc.constantFrom(1, 2, 4, ALWAYS) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('tick' as const),
      appends: fc.constantFrom(1, 2, ALWAYS, ALWAYS),
      by: fc.constantFrom(0 as const, 1 as const),
      ahead: fc.constantFrom(0, 0, HOUR_MS, -HOUR_MS),
      lag: fc.constantFrom(0, 0, 3),
      isTwice: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('admit' as const), cohort: fc.nat(40), size: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rate' as const), perWeek: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(-DAY_MS, -HOUR_MS, HOUR_MS, DAY_MS, 3 * DAY_MS, WEEK_MS),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

const CONTEXT: CommandContext = { actor: { kind: 'user', id: 'spec' }, correlationid: 'spec' };
const logger = pino({ level: 'silent' });
const TOKENS = { of: (act: string) => act };
/** Fewer than people accept at once in many histories. */
const PAGE = 2;

/** Invitations in memory: only the log and the waitlist's table are not the real ones. */
function memoryWorld() {
  const clock = { time: Date.parse('2022-05-18T09:00:00Z'), now: () => clock.time };
  const ids = timeOrderedIds(clock);
  const { events, store } = memoryLog();
  const transactorOn = (on: typeof store) => new Transactor(on, ids, clock, eventRules);
  const transactor = transactorOn(store);
  const rowsAt = (log: readonly RecordedEvent[]) => Object.values(foldView(waitlistEntriesView, log).rows);
  const nextInLine = async (people: number) => ({
    people: rowsAt(events)
      .filter((row) => row.status === 'waiting' && row.class !== 'hold-out')
      .sort((a, b) => a.priority - b.priority || a.joined_position - b.joined_position)
      .slice(0, people)
      .map((row) => ({ accountId: row.account_id, class: row.class })),
    asOf: events.length,
  });
  const accepted = (lag: number) => {
    const rows = () =>
      rowsAt(events.slice(0, events.length - lag))
        .filter(({ status }) => status === 'accepted')
        .sort((a, b) => a.accepted_position! - b.accepted_position!);
    return {
      // As the query does: each page is read when it is asked for, after what the pages before it changed.
      async *pages(busy: readonly string[]) {
        for (let after = 0, isMore = true; isMore; ) {
          const page = rows()
            .filter((row) => row.accepted_position! > after && !busy.includes(row.batch_id!))
            .slice(0, PAGE);
          if (page.length > 0) yield page.map((row) => ({ accountId: row.account_id, batchId: row.batch_id! }));
          isMore = page.length === PAGE;
          if (isMore) after = page.at(-1)!.accepted_position!;
        }
      },
      of: async (batches: readonly string[]) =>
        new Map(batches.map((id) => [id, rows().filter((row) => row.batch_id === id).length])),
    };
  };
  const account = (accountId: string, decide: (state: AccountStanding) => AccountEvent[]) =>
    transactor.transact(accountStream, accountId, CONTEXT, decide);
  const leave = (accountId: string) => account(accountId, (state) => leaveWaitlist(state, accountId));
  const join = (accountId: string) =>
    account(accountId, (state) => joinWaitlist(state, { accountId, email: `${accountId}@example.org` }, clock.time));
  const turn = (accountId: string, decide: (state: WaitingTurn) => AccountEvent[]) =>
    transactor.transact(waitingTurn, accountId, CONTEXT, decide);
  let requests = 0;
  const offer = () => {
    const requestId = `r${++requests}`;
    return { requestId, tokenHash: confirmationHashOf(requestId), validMs: 3 * DAY_MS };
  };
  /** @returns whether it ended */
  const unlessKilled = async (work: Promise<unknown>) => {
    try {
      await work;
      return true;
    } catch (error) {
      // Of `Unavailable` a retry may do what this attempt could not.
      if ((error as Error).message !== 'killed' && !(error instanceof Unavailable)) throw error;
      return false;
    }
  };
  /** Handles every event, as a reactor without a checkpoint would: what follows a failed event of its key waits. */
  const fill = async (on: typeof store) => {
    const by = transactorOn(on);
    const consumer = jointConsumer(
      FILLING_PLACES,
      onboarding(by, store, nextInLine, clock),
      inviting(by, store, nextInLine, TOKENS, clock),
    );
    const parked = new Set<string>();
    for (const event of [...events]) {
      if (!consumer.types.includes(event.type) || parked.has(consumer.key(event))) continue;
      if (!(await unlessKilled(consumer.react(event)))) parked.add(consumer.key(event));
    }
  };
  /** A process that ticks: what it remembers lasts until it is killed. */
  function scheduler() {
    const now = { ahead: 0, lag: 0, store };
    const on = new Proxy(store, { get: (_, name) => Reflect.get(now.store, name) });
    const view: ReturnType<typeof accepted> = {
      pages: (busy) => accepted(now.lag).pages(busy),
      of: (batches) => accepted(now.lag).of(batches),
    };
    const by = { now: () => clock.time + now.ahead };
    const gate = { beforeAdmission: async () => {} };
    const process = new InvitationClock(transactorOn(on), store, view, by, logger, { invitationReminderDays: 2 }, gate);
    const tick = (asked: Partial<typeof now>) => {
      Object.assign(now, { ahead: 0, lag: 0, store, ...asked });
      return unlessKilled(process.tick());
    };
    return { tick };
  }
  const schedulers = [scheduler(), scheduler()];
  const rollout = (decide: (state: Rollout) => RolloutEvent[]) =>
    transactor.transact(rolloutStream, undefined, CONTEXT, decide);
  /** As the command does. */
  async function withdraw(batchId: string, isKnown: boolean) {
    const { events: withdrawn } = await rollout((state) => withdrawInvitations(state, batchId, 'spec'));
    if (!isKnown || withdrawn.length === 0) return;
    const counted = (await accepted(0).of([batchId])).get(batchId)!;
    const { state } = await rollout((now) => freeWithdrawn(now, batchId, counted));
    const batch = batchOf(state.held, batchId);
    if (batch) expect(placesOf(batch)).toBeLessThanOrEqual(counted);
  }

  async function perform(one: Step): Promise<unknown> {
    switch (one.kind) {
      case 'join':
        return join(`p${one.who}`);
      case 'leave':
        return leave(`p${one.who}`);
      case 'rejoin':
        await leave(`p${one.who}`);
        return join(`p${one.who}`);
      case 'ask': {
        const request = { accountId: `p${one.who}`, offer: offer(), isOperator: true };
        return turn(request.accountId, (state) => requestConfirmation(state, request, clock.time));
      }
      case 'move': {
        const data = { accountId: `p${one.who}`, email: 'x@example.org', emailHash: 'a'.repeat(32) };
        const asked = offer();
        return turn(data.accountId, (state) => changeAddress({ ...state, changedAt: 0 }, data, asked, clock.time));
      }
      case 'confirm':
        return turn(`p${one.who}`, (state) => {
          const token = state.confirmation.request?.requestId ?? 'none';
          return confirmByLink(state, { accountId: `p${one.who}`, token }, clock.time);
        });
      case 'deactivate':
        return account(`p${one.who}`, (state) =>
          deactivateAccount(state, { accountId: `p${one.who}`, reason: 'spec', categories: [] }),
        );
      case 'reinstate':
        return account(`p${one.who}`, (state) =>
          reinstateAccount(state, { accountId: `p${one.who}`, reason: 'spec' }, 0),
        );
      case 'invite': {
        const until = clock.time + one.days * DAY_MS;
        const chosen = one.accounts ? { accounts: one.accounts.map((n) => `p${n}`) } : { size: one.size };
        return rollout((state) => holdPlaces(state, { batchId: `b${one.batch}`, ...chosen, until, now: clock.time }));
      }
      case 'accept': {
        const { withdrawn } = (await transactor.load(rolloutStream, undefined)).state.held;
        const isWithdrawn = (batchId: string) => withdrawn.has(batchId);
        return transactor.transact(invitedAccount, `p${one.who}`, CONTEXT, (state) =>
          acceptInvitation(state, { accountId: `p${one.who}` }, clock.time, one.isLate ? undefined : isWithdrawn),
        );
      }
      case 'withdraw':
        // Both end before the next step, also if one is refused.
        await Promise.all([unlessRefused(withdraw(`b${one.batch}`, one.isKnown)), one.isBeside && fill(store)]);
        return undefined;
      case 'classify':
        return transactor.transact(waitlistClassStream, `p${one.who}`, CONTEXT, (state) =>
          setWaitlistClass(state, { accountId: `p${one.who}`, class: one.class, reason: 'spec' }),
        );
      case 'fill':
        return fill(dyingAfter(store, one.appends));
      case 'tick': {
        const tickOf = async (n: number, appends: number) => {
          const asked = { ahead: one.ahead, lag: one.lag, store: dyingAfter(store, appends) };
          if (!(await schedulers[n]!.tick(asked))) schedulers[n] = scheduler();
        };
        return Promise.all([tickOf(one.by, one.appends), ...(one.isTwice ? [tickOf(1 - one.by, ALWAYS)] : [])]);
      }
      case 'admit':
        return rollout((state) =>
          admitCohort(state, { cohortId: `c${one.cohort}`, size: one.size + 1, now: clock.time }),
        );
      case 'rate':
        return rollout((state) => setRate(state, one.perWeek));
      case 'pause':
        return rollout((state) => pauseOnboarding(state, 'spec'));
      case 'resume':
        return rollout((state) => resumeOnboarding(state));
      case 'pass':
        clock.time += one.ms;
        return undefined;
    }
  }
  return { events, perform };
}

/** Refusals are expected. */
const unlessRefused = (done: Promise<unknown>) =>
  done.catch((error) => {
    if (!(error instanceof GatehouseError)) throw error;
  });

it('holds, takes and frees each place once, whatever happens in any order', async () => {
  let invited = 0;
  let unused = 0;
  let withdrawn = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (sequence) => {
      const { events, perform } = memoryWorld();
      const tick: Step = { kind: 'tick', appends: ALWAYS, by: 0, ahead: 0, lag: 0, isTwice: false };
      const fillAll: Step = { kind: 'fill', appends: ALWAYS };
      const joins = Array.from({ length: PEOPLE }, (_, n): Step => ({ kind: 'join', who: n }));
      const weeks = Array.from({ length: 4 }, (): Step[] => [{ kind: 'pass', ms: 6 * WEEK_MS }, tick, fillAll]).flat();
      const end: Step[] = [{ kind: 'resume' }, { kind: 'rate', perWeek: 100 }, fillAll, ...weeks];
      for (const one of [{ kind: 'rate', perWeek: 4 } as Step, ...joins, ...sequence, ...end])
        await unlessRefused(perform(one));
      expectOnboardingInvariants(events);
      expectInvitationInvariants(events);
      invited += events.filter(
        ({ type, data }) => type === 'AccountOnboarded' && /^invited-/.test(`${data.cohortId}`),
      ).length;
      unused += events.filter(({ type, data }) => type === 'InvitationExpired' && !data.withdrawn).length;
      withdrawn += events.filter(({ type, data }) => type === 'InvitationExpired' && data.withdrawn).length;
    }),
    { numRuns: 400 },
  );
  expect(invited).toBeGreaterThan(100);
  expect(unused).toBeGreaterThan(100);
  expect(withdrawn).toBeGreaterThan(100);
});
