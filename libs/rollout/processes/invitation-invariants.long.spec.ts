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
  type WaitingTurn,
  waitingTurn,
} from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import { DAY_MS, WEEK_MS } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { waitlistEntriesView } from '../../waitlist/index.js';
import { heldNow } from '../held-places.js';
import { holdPlaces } from '../hold-places.js';
import { admitCohort, pauseOnboarding, peopleInWindow, resumeOnboarding, rolloutStream, setRate } from '../rollout.js';
import { InvitationClock } from './invitation-clock.js';
import { inviting } from './inviting.js';
import { onboarding } from './onboarding.js';

const HOUR_MS = 3_600_000;
const PEOPLE = 6;
const who = fc.nat(PEOPLE - 1);
const ALWAYS = Number.POSITIVE_INFINITY;

/** `appends`: how many it stores before it dies; `ahead`: by how much the clock of its process is; `lag`: of the view. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('join' as const, 'join', 'leave', 'rejoin'), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('deactivate' as const, 'reinstate'), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('ask' as const, 'move', 'confirm', 'confirm'), who }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('invite' as const),
      batch: fc.nat(8),
      accounts: fc.option(fc.uniqueArray(who, { minLength: 1, maxLength: 4 }), { nil: undefined }),
      size: fc.integer({ min: 1, max: 4 }),
      days: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('accept' as const), who }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('send' as const), appends: fc.constantFrom(1, 3, ALWAYS) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('tick' as const),
      appends: fc.constantFrom(1, 2, ALWAYS, ALWAYS),
      ahead: fc.constantFrom(0, 0, HOUR_MS, -HOUR_MS),
      lag: fc.constantFrom(0, 0, 3),
      isTwice: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('onboard' as const), appends: fc.constantFrom(2, 4, ALWAYS) }),
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
      .filter(({ status }) => status === 'waiting')
      .sort((a, b) => a.priority - b.priority || a.joined_position - b.joined_position)
      .slice(0, people)
      .map((row) => ({ accountId: row.account_id, class: row.class })),
    asOf: events.length,
  });
  const accepted = (lag: number) => {
    const rows = () => rowsAt(events.slice(0, events.length - lag)).filter(({ status }) => status === 'accepted');
    return {
      async *pages(busy: readonly string[]) {
        for (const row of rows())
          if (!busy.includes(row.batch_id!)) yield [{ accountId: row.account_id, batchId: row.batch_id! }];
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
  const unlessKilled = async (work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      if ((error as Error).message !== 'killed') throw error;
    }
  };
  /** Handles every event, as a reactor without a checkpoint would. */
  const reactAll = async (type: string, react: (event: RecordedEvent) => Promise<void>) => {
    for (const event of [...events]) if (event.type === type) await react(event);
  };

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
        return transactor.transact(rolloutStream, undefined, CONTEXT, (state) =>
          holdPlaces(state, { batchId: `b${one.batch}`, ...chosen, until, now: clock.time }),
        );
      }
      case 'accept':
        return transactor.transact(invitedAccount, `p${one.who}`, CONTEXT, (state) =>
          acceptInvitation(state, { accountId: `p${one.who}` }, clock.time),
        );
      case 'send':
        return unlessKilled(
          reactAll(
            'PlacesHeld',
            inviting(transactorOn(dyingAfter(store, one.appends)), nextInLine, TOKENS, clock).react,
          ),
        );
      case 'tick': {
        const by = { now: () => clock.time + one.ahead };
        const tick = (on: typeof store) =>
          unlessKilled(
            new InvitationClock(
              transactorOn(on),
              accepted(one.lag),
              by,
              logger,
              { invitationReminderDays: 2 },
              { beforeAdmission: async () => {} },
            ).tick(),
          );
        return Promise.all([tick(dyingAfter(store, one.appends)), ...(one.isTwice ? [tick(store)] : [])]);
      }
      case 'onboard':
        return unlessKilled(
          reactAll('CohortAdmitted', onboarding(transactorOn(dyingAfter(store, one.appends)), nextInLine, clock).react),
        );
      case 'admit':
        return transactor.transact(rolloutStream, undefined, CONTEXT, (state) =>
          admitCohort(state, { cohortId: `c${one.cohort}`, size: one.size + 1, now: clock.time }),
        );
      case 'rate':
        return transactor.transact(rolloutStream, undefined, CONTEXT, (state) => setRate(state, one.perWeek));
      case 'pause':
        return transactor.transact(rolloutStream, undefined, CONTEXT, (state) => pauseOnboarding(state, 'spec'));
      case 'resume':
        return transactor.transact(rolloutStream, undefined, CONTEXT, (state) => resumeOnboarding(state));
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

/** What is decided, is decided once; the rate in force at each decision bounds those who count and those who are invited. */
function expectInvitationInvariants(events: readonly RecordedEvent[]): void {
  const rolloutEvents = events.filter(({ stream }) => stream === 'rollout');
  rolloutEvents.forEach((event, n) => {
    if (event.type !== 'PlacesHeld' && event.type !== 'CohortAdmitted') return;
    const state = foldRecorded(rolloutStream, rolloutEvents.slice(0, n + 1) as never);
    const isOfBatch = event.type === 'CohortAdmitted' && event.data.batchId !== undefined;
    const counted = peopleInWindow(state, Date.parse(event.data.at as string)) + (isOfBatch ? 0 : heldNow(state.held));
    expect(counted).toBeLessThanOrEqual(state.perWeek!);
  });
  const named = (type: string) =>
    events.filter((one) => one.type === type).map(({ data }) => `${data.accountId ?? ''} ${data.batchId}`);
  for (const type of ['InvitationSent', 'InvitationReminded', 'InvitationAccepted', 'InvitationExpired'])
    expect(new Set(named(type)).size).toBe(named(type).length);
  const expired = new Set(named('InvitationExpired'));
  expect(named('InvitationAccepted').filter((one) => expired.has(one))).toEqual([]);
  const taken = rolloutEvents.flatMap(({ type, data }) =>
    type === 'CohortAdmitted' && data.batchId !== undefined
      ? (data.accounts as string[]).map((accountId) => `${accountId} ${data.batchId}`)
      : [],
  );
  expect(new Set(taken).size).toBe(taken.length);
  const accepted = new Set(named('InvitationAccepted'));
  expect(taken.filter((one) => !accepted.has(one))).toEqual([]);
  const over = events.filter(({ type, data }) => type === 'PlacesFreed' && data.isOver === true);
  expect(over.map(({ data }) => ` ${data.batchId}`).sort()).toEqual([...named('PlacesHeld')].sort());
  expect(heldNow(foldRecorded(rolloutStream, rolloutEvents as never).held)).toBe(0);
}

it('holds, takes and frees each place once, whatever happens in any order', async () => {
  let invited = 0;
  let unused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (sequence) => {
      const { events, perform } = memoryWorld();
      const tick: Step = { kind: 'tick', appends: ALWAYS, ahead: 0, lag: 0, isTwice: false };
      const onboard: Step = { kind: 'onboard', appends: ALWAYS };
      const joins = Array.from({ length: PEOPLE }, (_, n): Step => ({ kind: 'join', who: n }));
      const weeks = Array.from({ length: 4 }, (): Step[] => [{ kind: 'pass', ms: 6 * WEEK_MS }, tick, onboard]).flat();
      const end: Step[] = [{ kind: 'resume' }, { kind: 'rate', perWeek: 100 }, onboard, ...weeks];
      for (const one of [{ kind: 'rate', perWeek: 4 } as Step, ...joins, ...sequence, ...end])
        await unlessRefused(perform(one));
      expectOnboardingInvariants(events);
      expectInvitationInvariants(events);
      invited += events.filter(
        ({ type, data }) => type === 'AccountOnboarded' && /^invited-/.test(`${data.cohortId}`),
      ).length;
      unused += events.filter(({ type }) => type === 'InvitationExpired').length;
    }),
    { numRuns: 400 },
  );
  expect(invited).toBeGreaterThan(100);
  expect(unused).toBeGreaterThan(100);
});
