import pg from 'pg';
import { pino } from 'pino';
import {
  accountStream,
  deactivateAccount,
  joinWaitlist,
  leaveWaitlist,
  reinstateAccount,
  setWaitlistClass,
  waitlistClassStream,
} from '../../libs/account/index.js';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { Transactor } from '../../libs/event-store/transact.js';
import type { Clock } from '../../libs/kernel/clock.js';
import type { CommandContext } from '../../libs/kernel/command-context.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { timeOrderedIds } from '../../libs/kernel/ids.js';
import { Projector } from '../../libs/projections/projector.js';
import { Rebuilder } from '../../libs/projections/rebuilder.js';
import { ViewReader } from '../../libs/projections/view-reader.js';
import { orderClosing } from '../../libs/rollout/closing-cohort.js';
import {
  type AdmitCohort,
  admissionPlanStream,
  admitCohort,
  type ClassPlan,
  CohortScheduler,
  GateEvidence,
  GateWatch,
  onboarding,
  PeopleLeft,
  type RolloutEvent,
  rolloutStream,
  type Schedule,
  StageChanges,
  setClassPlan,
  setRate,
  setSchedule,
} from '../../libs/rollout/index.js';
import { StageEvidence } from '../../libs/safety/index.js';
import { LockSession } from '../../libs/subscriptions/lock-session.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';
import { Ownership } from '../../libs/subscriptions/ownership.js';
import { Reactor } from '../../libs/subscriptions/reactor.js';
import { nextInLine, Waitlist, waitlistEntriesView } from '../../libs/waitlist/index.js';
import { eventRules } from './event-rules.js';
import { terms } from './rate-world.js';
import { createTestDatabase } from './test-database.js';
import { wholeLog } from './whole-log.js';

const CONTEXT: CommandContext = { actor: { kind: 'user', id: 'spec', role: 'operator' }, correlationid: 'spec' };

const DECISION_WAIT_MS = 10_000;

/** A waitlist with a running projector and a rollout, on their own database, with a clock that specs set. */
export async function onboardingWorld(start = Date.parse('2022-05-18T09:00:00Z')) {
  const clock = { time: start, now: () => clock.time };
  const ids = timeOrderedIds(clock);
  const database = await createTestDatabase();
  const store = new PostgresEventStore(database.connection);
  const pool = new pg.Pool({ ...database.connection, pipeline: true });
  const log = new LogTail(store);
  const locks = new LockSession(database.connection);
  const reader = new ViewReader(pool);
  const views = [waitlistEntriesView];
  const projector = new Projector(pool, log, views, locks, new Rebuilder(pool, store, locks), { page: reader.moved });
  await projector.processAll();
  const stop = new AbortController();
  const following = projector.run(stop.signal);
  const transactorOn = (on: EventStore) => new Transactor(on, ids, clock, eventRules);
  const transactor = transactorOn(store);
  const wait = { decisionWaitMs: DECISION_WAIT_MS };
  const next = nextInLine(pool, store, reader, wait.decisionWaitMs);
  const peopleLeft = new PeopleLeft(transactor, new Waitlist(pool, store, reader, { ...wait }), wait, clock);

  const logger = pino({ level: 'silent' });
  // Of views that this world has not, it has no evidence.
  const evidence = new GateEvidence(new StageEvidence(pool), store, clock);
  const gate = new GateWatch(transactor, evidence, new StageChanges(store), store, reader, clock, logger, terms);

  async function join(accounts: readonly string[], priority?: number) {
    for (const accountId of accounts) {
      const joining = { accountId, email: `${accountId}@example.org`, ...(priority !== undefined && { priority }) };
      await transactor.transact(accountStream, accountId, CONTEXT, (state) => joinWaitlist(state, joining, clock.time));
    }
  }

  return {
    clock,
    store,
    locks,
    peopleLeft,
    /** How long `peopleLeft` waits for a cohort: specs may shorten it. */
    wait,
    connection: database.connection,
    transactorOn,
    reactor: new Reactor(pool, log, onboarding(transactor, store, next, clock), new Ownership(locks, 'reactors', 1)),
    scheduler: (by: Clock = clock) => new CohortScheduler(transactorOn(store), peopleLeft, by, logger, gate),
    consumer: (on: EventStore = store) => onboarding(transactorOn(on), store, next, clock),
    join: (...accounts: string[]) => join(accounts),
    joinAs: (priority: number, ...accounts: string[]) => join(accounts, priority),
    classify: (name: string, ...accounts: string[]) =>
      Promise.all(
        accounts.map((accountId) =>
          transactor.transact(waitlistClassStream, accountId, CONTEXT, (state) =>
            setWaitlistClass(state, { accountId, class: name, reason: 'spec' }),
          ),
        ),
      ),
    planClasses: (mode: ClassPlan['mode'], classes: ClassPlan['classes']) =>
      transactor.transact(admissionPlanStream, undefined, CONTEXT, (state) =>
        setClassPlan(state, { mode, classes }, 'spec'),
      ),
    schedule: (schedule: Schedule) =>
      transactor.transact(admissionPlanStream, undefined, CONTEXT, (state) => setSchedule(state, schedule, 'spec')),
    leave: (accountId: string) =>
      transactor.transact(accountStream, accountId, CONTEXT, (state) => leaveWaitlist(state, accountId)),
    deactivate: (accountId: string) =>
      transactor.transact(accountStream, accountId, CONTEXT, (state) =>
        deactivateAccount(state, { accountId, reason: 'spec', categories: [] }),
      ),
    reinstate: (accountId: string) =>
      transactor.transact(accountStream, accountId, CONTEXT, (state) =>
        reinstateAccount(state, { accountId, reason: 'spec' }, 0),
      ),
    record: (...events: RolloutEvent[]) => transactor.transact(rolloutStream, undefined, CONTEXT, () => events),
    setRate: (perWeek: number, daily = false) =>
      transactor.transact(rolloutStream, undefined, CONTEXT, (state) => setRate(state, perWeek, daily)),
    admit: (cohort: Omit<AdmitCohort, 'now'>) =>
      transactor.transact(rolloutStream, undefined, CONTEXT, (state) =>
        admitCohort(state, { ...cohort, now: clock.time }),
      ),
    orderClosing: (cohortId: string) =>
      transactor.transact(rolloutStream, undefined, CONTEXT, (state) => orderClosing(state, cohortId, 'spec')),
    /** All events unless types are given. */
    log: (...types: string[]): Promise<RecordedEvent[]> => wholeLog(store, types),
    async close() {
      stop.abort();
      await following;
      await log.close();
      await locks.close();
      await store.close();
      await pool.end();
      await database.drop();
    },
  };
}

export type OnboardingWorld = Awaited<ReturnType<typeof onboardingWorld>>;
