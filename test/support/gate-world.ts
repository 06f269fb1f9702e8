import pg from 'pg';
import { pino } from 'pino';
import { AccountOnboarded } from '../../libs/account/index.js';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import { Transactor } from '../../libs/event-store/transact.js';
import { ContentFlagged, ImageGenerated, ImageShared } from '../../libs/images/index.js';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import type { CommandContext } from '../../libs/kernel/command-context.js';
import type { DomainEvent, JsonObject } from '../../libs/kernel/envelope.js';
import { timeOrderedIds } from '../../libs/kernel/ids.js';
import { Projector } from '../../libs/projections/projector.js';
import { Rebuilder } from '../../libs/projections/rebuilder.js';
import type { View } from '../../libs/projections/view.js';
import { ViewReader } from '../../libs/projections/view-reader.js';
import { CaseOpened, ReviewConfirmed, ReviewDismissed } from '../../libs/review/index.js';
import { setGateParameters } from '../../libs/rollout/gate-stage.js';
import {
  ExplainMove,
  ExplainMoveHandler,
  GateEvidence,
  GateWatch,
  type Rollout,
  type RolloutEvent,
  rolloutStream,
  StageChanges,
} from '../../libs/rollout/index.js';
import { EarlierEvidence, EVIDENCE_SOURCES, StageEvidence } from '../../libs/safety/index.js';
import { LockSession } from '../../libs/subscriptions/lock-session.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';
import { eventRules } from './event-rules.js';
import { terms } from './rate-world.js';
import { createDatabaseWithViews } from './test-database.js';
import { wholeLog } from './whole-log.js';

const views = EVIDENCE_SOURCES as unknown as readonly View[];

/**
 * A log with the views that the gate's evidence comes from, on a database of their own. Events are stored as they come in, without
 * the decisions that lead to them; the clock is ahead of when they are stored.
 */
export async function gateWorld() {
  const clock = { ahead: DAY_MS, now: () => Date.now() + clock.ahead };
  const ids = timeOrderedIds(clock);
  const database = await createDatabaseWithViews();
  const store = new PostgresEventStore(database.connection);
  const pool = new pg.Pool(database.connection);
  const log = new LogTail(store);
  const locks = new LockSession(database.connection);
  const reader = new ViewReader(pool);
  reader.stop(); // no projector works while a tick waits for the views, so it need not wait
  const rebuilder = new Rebuilder(pool, store, locks);
  const projector = new Projector(pool, log, views, locks, rebuilder, { page: reader.moved });
  const logger = pino({ level: 'silent' });
  const context: CommandContext = { actor: { kind: 'user', id: 'olga' }, correlationid: 'spec' };
  const transactorOn = (on: EventStore) => new Transactor(on, ids, clock, eventRules);
  const transactor = transactorOn(store);
  const evidenceOn = (on: EventStore) => new GateEvidence(new StageEvidence(pool), on, clock);
  const epoch = { current: '000000000000' };

  async function append(stream: string, type: string, data: JsonObject) {
    const event = newEvent(type, data);
    event.metadata = { ...event.metadata, time: toIso(clock.now()) };
    await store.append([{ stream, expected: 'any', events: [event] }]);
  }

  const generate = (imageId: string, accountId: string) =>
    append('facts-0', ImageGenerated.type, { ...ImageGenerated.example, imageId, accountId });
  const share = (imageId: string, accountId: string) =>
    append('facts-0', ImageShared.type, { ...ImageShared.example, imageId, accountId });
  const expose = async (imageId: string, accountId: string) => {
    await generate(imageId, accountId);
    await share(imageId, accountId);
  };
  const onboard = (accountId: string, cohortId: string) =>
    append(`account-${accountId}`, AccountOnboarded.type, { accountId, cohortId });
  const flag = (imageId: string) => append('facts-0', ContentFlagged.type, { ...ContentFlagged.example, imageId });
  const confirm = (imageId: string, accountId: string) =>
    append(`case-${imageId}`, ReviewConfirmed.type, {
      ...ReviewConfirmed.example,
      ...{ caseId: imageId, imageId, accountId, round: 1 },
    });
  /** A cohort of one account with as many confirmed violations as show harm. */
  async function harm(cohortId: string) {
    await onboard(`${cohortId}-a`, cohortId);
    for (let n = 0; n < 4; n++) {
      await expose(`${cohortId}-${n}`, `${cohortId}-a`);
      await flag(`${cohortId}-${n}`);
      await confirm(`${cohortId}-${n}`, `${cohortId}-a`);
    }
  }

  return {
    ...{ clock, store, pool, projector, transactorOn, connection: database.connection },
    evidence: evidenceOn(store),
    append,
    ...{ onboard, generate, share, expose, flag, confirm, harm },
    openCase: (imageId: string, accountId: string) =>
      append(`case-${imageId}`, CaseOpened.type, { ...CaseOpened.example, caseId: imageId, imageId, accountId }),
    dismiss: (imageId: string) =>
      append(`case-${imageId}`, ReviewDismissed.type, {
        ...ReviewDismissed.example,
        caseId: imageId,
        imageId,
        round: 1,
      }),
    decide: (decide: (state: Rollout) => readonly RolloutEvent[]) =>
      transactor.transact(rolloutStream, undefined, context, decide),
    rollout: async () => (await transactorOn(store).load(rolloutStream, undefined)).state,
    /** The watch of a process. */
    watch: (on: EventStore = store, counts = new StageEvidence(pool)) =>
      new GateWatch(
        transactorOn(on),
        new GateEvidence(counts, on, clock),
        new StageChanges(on),
        on,
        reader,
        clock,
        logger,
        terms,
      ),
    moves: () => wholeLog(store, ['GateMoved']),
    explain: (position: number) =>
      new ExplainMoveHandler(store, new EarlierEvidence(rebuilder), epoch, { decisionWaitMs: 60_000 }).execute(
        Object.assign(new ExplainMove(), { position: String(position) }),
      ),
    async close() {
      await log.close();
      await locks.close();
      await store.close();
      await pool.end();
      await database.drop();
    },
  };
}

/** With all views built, a rate, and labels that are complete at once. */
export async function gateWorldAtWork() {
  const world = await gateWorld();
  await world.projector.processAll();
  await world.decide(({ gate }) => [
    ...setGateParameters(gate, { labelDelayDays: 0, accountDays: 1, silenceDays: 5 }, 'a test'),
    rateOf(1000),
  ]);
  return world;
}

export type GateWorld = Awaited<ReturnType<typeof gateWorld>>;
export const rateOf = (perWeek: number): DomainEvent & RolloutEvent => ({
  type: 'OnboardingRateSet',
  data: { perWeek, daily: false },
});
