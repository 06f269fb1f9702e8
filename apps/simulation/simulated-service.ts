import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pMap from 'p-map';
import { accountStream } from '../../libs/account/index.js';
import { ApiClient } from '../../libs/cli/api-client.js';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { onVirtualClock, VirtualClock } from '../../libs/event-store/postgres/virtual-clock.js';
import type { Role } from '../../libs/http/credentials/principal.js';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';
import { Ingest } from '../../libs/ingest/ingest.js';
import type { Position, RecordedEvent } from '../../libs/kernel/envelope.js';
import { GatehouseError } from '../../libs/kernel/errors.js';
import { APPEND_EVENTS, VIEW_LEAD_EVENTS } from '../../libs/kernel/fact-limits.js';
import { pause } from '../../libs/kernel/wait.js';
import { logConsumers } from '../../libs/operations/index.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { type Connection, openDatabase } from '../../libs/platform/database/database.js';
import { createLogger } from '../../libs/platform/logging/logger.js';
import { catalogue } from '../composition/catalogue.js';
import { entities } from '../composition/entities.js';
import { schedulesOf } from '../composition/workers.js';
import { type Standalone, startStandalone } from '../standalone/standalone.js';
import { untilPast } from '../standalone/until-past.js';
import { OrderedEventStore } from './ordered-event-store.js';
import type { SentEvent } from './traffic.js';

/** That many are stored by one statement. */
const BATCH = APPEND_EVENTS;
/** Reactors process them before the next ones, while they are in memory. */
const SETTLED_EVENTS = VIEW_LEAD_EVENTS / 2;
/** The address is reserved, the account joins, and the address is confirmed. */
const EVENTS_OF_A_JOIN = 3;
const SETTLED_JOINS = Math.floor(SETTLED_EVENTS / EVENTS_OF_A_JOIN);
const JOINS_AT_ONCE = 64;
const LOOK_MS = 50;
const LANE = { topic: 'simulation', partition: 0 };
const streamOf = ({ data }: SentEvent) => `${accountStream.category}-${data.accountId}`;
const SENDER = { actor: { kind: 'service' as const, id: 'simulation', role: 'service' }, correlationid: 'simulation' };

/** Nothing here waits for another process, so a limit would only stop a slow machine. */
const LIMITS = {
  GATEHOUSE_STALENESS_MS: '600000',
  GATEHOUSE_ANSWER_LIMIT_MS: '600000',
  GATEHOUSE_DECISION_WAIT_MS: '599999',
  GATEHOUSE_ACCESS_WAIT_MS: '60000',
};

/** The whole service in this process, on a new database, with a clock that moves only when it is moved. */
export class SimulatedService {
  private readonly ingest: Ingest;
  private readonly schedules: ReturnType<typeof schedulesOf>;
  private offset = 0;
  /** The head when everything was processed last. */
  private settled: Position = -1;

  private constructor(
    private readonly standalone: Standalone,
    private readonly log: OrderedEventStore,
    private readonly virtual: VirtualClock,
    private readonly signal: AbortSignal,
    private readonly end: () => Promise<void>,
  ) {
    this.ingest = standalone.app.get(Ingest);
    this.schedules = schedulesOf(standalone.runtime);
  }

  /**
   * @param connection of an empty database
   * @param startsAt epoch milliseconds
   */
  static async start(connection: Connection, startsAt: number, signal: AbortSignal): Promise<SimulatedService> {
    const database = await openDatabase(connection, { migrations: catalogue.migrations, entities });
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-simulation-'));
    const end = async () => {
      await database.dataSource.destroy();
      await rm(directory, { recursive: true, force: true });
    };
    try {
      const clock = await VirtualClock.begin(database.pool, startsAt);
      const settings = readSettings({ GATEHOUSE_PORT: '0', GATEHOUSE_DATA: directory, ...LIMITS });
      const logger = createLogger({ logLevel: 'error', logFormat: 'json' });
      const options = { settings, connection: onVirtualClock(connection), logger, clock };
      let ordered!: OrderedEventStore;
      const around = (log: EventStore) => {
        ordered = new OrderedEventStore(log);
        return ordered;
      };
      const standalone = await startStandalone({ ...options, around, background: 'views', signal });
      return new SimulatedService(standalone, ordered, clock, signal, end);
    } catch (error) {
      await end();
      throw error;
    }
  }

  get now(): number {
    return this.virtual.now();
  }

  /** @param to epoch milliseconds */
  async moveTo(to: number): Promise<void> {
    await this.virtual.moveTo(to);
  }

  /** A client of the HTTP API. @param name of a person or a service */
  async clientOf(name: string, ...roles: Role[]): Promise<ApiClient> {
    const tokens = this.standalone.app.get(TokenRegistry);
    const { secret } = await tokens.create({ name, roles, createdBy: 'simulation' });
    return new ApiClient({ url: this.standalone.url, token: secret, signal: this.signal });
  }

  /**
   * Stores events as those of another system, while the views follow.
   * @param joins of people who get an account, in the order in which they come into the line
   * @throws GatehouseError if one is refused
   */
  async send(events: readonly SentEvent[], joins: readonly SentEvent[] = []): Promise<void> {
    let unsettled = 0;
    // One batch after the other: a small one would overtake a large one, whose validation takes several turns of the event loop.
    for (let n = 0; n < events.length; n += BATCH) {
      await this.store(events.slice(n, n + BATCH));
      unsettled += BATCH;
      if (unsettled < SETTLED_EVENTS) continue;
      await this.settle();
      unsettled = 0;
    }
    await this.settle();
    for (let n = 0; n < joins.length; n += SETTLED_JOINS) {
      const some = joins.slice(n, n + SETTLED_JOINS);
      await pMap(some, (join) => this.log.inTurn(streamOf(join), () => this.store([join])), {
        concurrency: JOINS_AT_ONCE,
      });
      await this.settle();
    }
  }

  private async store(batch: readonly SentEvent[]): Promise<void> {
    this.signal.throwIfAborted();
    const offsets = batch.map(() => String(this.offset++));
    const results = await this.ingest.attempt(batch, SENDER, { origin: { ...LANE, offsets } });
    const refused = results.find(({ outcome }) => outcome !== 'accepted');
    if (refused) {
      const message = `${refused.id} was ${refused.outcome} (${refused.detail}): the simulation can't go on`;
      throw new GatehouseError('simulation-refused', message, 'failed');
    }
  }

  /** Does something that views have to follow. */
  work<Result>(work: () => Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    return this.standalone.projecting(work);
  }

  /** Processes everything that is stored. */
  async settle(): Promise<void> {
    this.signal.throwIfAborted();
    if ((await this.head()) === this.settled) return;
    await this.standalone.settle();
    this.settled = await this.head();
  }

  /** Does what is due by the clock, one schedule after the other, and everything that follows from it. */
  async tick(): Promise<void> {
    await this.work(async () => {
      for (const schedule of this.schedules) await schedule.tick();
    });
    await this.settle();
  }

  /**
   * Resolves once everything that follows the log has processed it.
   * @throws GatehouseError if the last of it doesn't move for a minute
   */
  async caughtUp(stalledMs?: number): Promise<void> {
    const { pool, catalogue, settings } = this.standalone.runtime;
    await untilPast(await this.head(), {
      what: 'those who follow the log',
      position: async () => {
        const { progress } = await logConsumers(pool, catalogue.views, settings);
        return Math.min(...[...progress.values()].map(({ position }) => position));
      },
      look: () => pause(LOOK_MS, this.signal),
      signal: this.signal,
      ...(stalledMs !== undefined && { stalledMs }),
    });
  }

  /** Events of some types after a position. */
  async eventsAfter(
    position: Position,
    types: readonly string[],
  ): Promise<{ events: RecordedEvent[]; next: Position }> {
    const events: RecordedEvent[] = [];
    for (let next = position; ; ) {
      const page = await this.standalone.runtime.store.readAll(next, { types });
      events.push(...page.events);
      next = page.next;
      if (page.atHead) return { events, next };
    }
  }

  /** The number of events so far. */
  head(): Promise<Position> {
    return this.standalone.runtime.store.head();
  }

  async close(): Promise<void> {
    await this.standalone.close();
    await this.end();
  }
}
