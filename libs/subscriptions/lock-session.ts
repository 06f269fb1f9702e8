import type pg from 'pg';
import { StoreUnavailable } from '../kernel/errors.js';
import { type Connection, connectClient, openClient } from '../platform/database/connection.js';

const RECONNECT_MS = 1_000;
/** A statement takes a millisecond; without an answer by then the server is gone. */
const ANSWER_MS = 10_000;
const KEY = 'hashtextextended($1, 7)';

const MEMBERS = `SELECT count(*)::int AS members, (count(*) FILTER (WHERE pid < pg_backend_pid()))::int AS before
  FROM pg_locks, (SELECT ${KEY} AS key) k
  WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid::bigint = (k.key >> 32) & 4294967295 AND objid::bigint = k.key & 4294967295`;

/**
 * Locks by name, as PostgreSQL advisory locks of one session: they are released as soon as the process or its connection
 * dies, with no lease time to wait for and no clock to trust. The checkpoints' epochs fence off a holder that lost its
 * connection without noticing.
 */
export class LockSession {
  private client: pg.Client | undefined;
  private connecting: Promise<pg.Client> | undefined;
  private lost = new AbortController();
  private lastFailure = Number.NEGATIVE_INFINITY;
  private readonly held = new Set<string>();
  private readonly groups = new Set<string>();
  /** Serializes the statements of the connection. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly connection: Connection) {}

  /**
   * @returns a signal that aborts if the lock is lost; undefined while another session holds it or the database is
   * unreachable
   */
  tryHold(name: string): Promise<AbortSignal | undefined> {
    return this.hold(name).catch(() => undefined);
  }

  /**
   * @returns a signal that aborts if the lock is lost; undefined while another session holds it
   * @throws StoreUnavailable if the database does not answer: then nobody knows whether another session holds it
   */
  hold(name: string): Promise<AbortSignal | undefined> {
    return this.inTurn(async () => {
      try {
        const client = await this.connect();
        if (this.held.has(name)) return undefined;
        const { rows } = await client.query(`SELECT pg_try_advisory_lock(${KEY}) AS held`, [name]);
        if (!rows[0].held) return undefined;
        this.held.add(name);
        return this.lost.signal;
      } catch (error) {
        this.giveUpUnanswered(error);
        throw new StoreUnavailable(`the lock ${name} could not be asked for: ${(error as Error).message}`);
      }
    });
  }

  async release(name: string): Promise<void> {
    await this.inTurn(async () => {
      if (!this.held.delete(name)) return;
      await this.client?.query(`SELECT pg_advisory_unlock(${KEY})`, [name]).catch(() => {});
    });
  }

  /**
   * Joins a group for the life of the session.
   * @returns the number of sessions, ours included, and of those before ours in an order that all agree on; undefined
   * while the database is unreachable
   */
  joinGroup(group: string): Promise<{ members: number; before: number } | undefined> {
    return this.inTurn(async () => {
      try {
        const client = await this.connect();
        if (!this.groups.has(group)) await client.query(`SELECT pg_advisory_lock_shared(${KEY})`, [group]);
        this.groups.add(group);
        return (await client.query(MEMBERS, [group])).rows[0];
      } catch (error) {
        this.giveUpUnanswered(error);
        return undefined;
      }
    });
  }

  async close(): Promise<void> {
    await this.inTurn(async () => {
      await this.client?.end().catch(() => {});
    });
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => {});
    return result;
  }

  /** Gives up a session that does not answer: it may have lost its locks. */
  private giveUpUnanswered(error: unknown): void {
    if ((error as Error).message !== 'Query read timeout') return;
    const client = this.client;
    this.drop(client);
    client?.end().catch(() => {});
  }

  private drop(client: pg.Client | undefined): void {
    if (!client || this.client !== client) return;
    this.client = undefined;
    this.held.clear();
    this.groups.clear();
    this.lost.abort();
    this.lost = new AbortController();
  }

  private async connect(): Promise<pg.Client> {
    if (this.client) return this.client;
    if (!this.connecting) {
      if (performance.now() - this.lastFailure < RECONNECT_MS) throw new Error('the database is unreachable');
      const client = openClient(this.connection, {
        keepAlive: true,
        application_name: 'gatehouse-locks',
        connectionTimeoutMillis: ANSWER_MS,
        query_timeout: ANSWER_MS,
      });
      client.on('error', () => this.drop(client));
      client.on('end', () => this.drop(client));
      this.connecting = connectClient(client)
        .then(() => {
          this.client = client;
          return client;
        })
        .catch((error) => {
          this.lastFailure = performance.now();
          throw error;
        })
        .finally(() => {
          this.connecting = undefined;
        });
    }
    return this.connecting;
  }
}
