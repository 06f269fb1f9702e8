import { jest } from '@jest/globals';
import pg from 'pg';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { Refusal, StoreUnavailable } from '../../libs/kernel/errors.js';
import { parkedKeys } from '../../libs/subscriptions/checkpoints.js';
import type { Consumer } from '../../libs/subscriptions/consumer.js';
import { LockSession } from '../../libs/subscriptions/lock-session.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';
import { Ownership } from '../../libs/subscriptions/ownership.js';
import { Reactor } from '../../libs/subscriptions/reactor.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

export const MINUTE_MS = 60_000;

export const refused = () => new Refusal('not-now', 'a rule refuses it');
export const away = () => new StoreUnavailable('the store is unreachable');

export const nameOf = ({ data }: RecordedEvent): string => `${data.key}:${data.n}`;

/** A log of notes, and a reactor that notes each of them by its key. */
export class ReactorWorld {
  /** `key:n` of every processed event, in order. */
  done: string[] = [];
  reported: string[] = [];
  appended = 0;
  readonly store: PostgresEventStore;
  readonly pool: pg.Pool;
  locks: LockSession;

  private constructor(private readonly database: TestDatabase) {
    this.store = new PostgresEventStore(database.connection);
    this.pool = new pg.Pool(database.connection);
    this.locks = new LockSession(database.connection);
  }

  static async open(): Promise<ReactorWorld> {
    return new ReactorWorld(await createTestDatabase());
  }

  async close(): Promise<void> {
    jest.restoreAllMocks();
    await this.locks.close();
    await this.store.close();
    await this.pool.end();
    await this.database.drop();
  }

  /** Throws the error that the event meets. */
  obstacle: (event: RecordedEvent) => void = () => {};

  readonly consumer: Consumer = {
    name: 'noting',
    types: ['Noted'],
    key: (event) => String(event.data.key),
    react: async (event) => {
      this.obstacle(event);
      this.done.push(nameOf(event));
    },
  };

  /** The reactor of a new process. */
  start(of = this.consumer): Reactor {
    return new Reactor(this.pool, new LogTail(this.store), of, new Ownership(this.locks, 'reactors', 1), {
      parked: (event) => this.reported.push(nameOf(event)),
    });
  }

  /** The reactor of a new process after the last one has ended. */
  async restart(of = this.consumer): Promise<Reactor> {
    await this.locks.close();
    this.locks = new LockSession(this.database.connection);
    return this.start(of);
  }

  append(...keys: string[]) {
    const events = keys.map((key) => newEvent('Noted', { key, n: ++this.appended }));
    return this.store.append([{ stream: 'facts-0', expected: 'any', events }]);
  }

  async parked(): Promise<string[]> {
    return (await parkedKeys(this.pool)).map(({ key, position }) => `${key}@${position}`);
  }

  minutePasses(): void {
    const later = performance.now() + MINUTE_MS;
    jest.spyOn(performance, 'now').mockImplementation(() => later);
  }
}
