import type pg from 'pg';
import type { Position } from '../../kernel/envelope.js';
import { type Connection, connectClient, openClient } from '../../platform/database/connection.js';

const CHANNEL = 'gatehouse_log';
const RECONNECT_MS = 1_000;
const ANSWER_MS = 5_000;

/** Listens for the database's notifications of new heads: their position and the appending server process. */
export class HeadNotifications {
  private client: pg.Client | undefined;
  private connecting: Promise<void> | undefined;
  private lastAttempt = Number.NEGATIVE_INFINITY;
  private closed = false;

  /**
   * @param readHead for events that were stored before the connection listened
   * @param reaches called with the new head and the appending server process, if known
   */
  constructor(
    private readonly connection: Connection,
    private readonly readHead: () => Promise<Position>,
    private readonly reaches: (position: Position, processId?: number) => void,
  ) {}

  /** Connects once, and again at a later call if the connection broke. Without it the log is polled. */
  listen(): void {
    if (this.client || this.connecting || this.closed || performance.now() - this.lastAttempt < RECONNECT_MS) return;
    this.lastAttempt = performance.now();
    const client = openClient(this.connection, {
      keepAlive: true,
      application_name: 'gatehouse-log-listen',
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
    });
    const drop = () => {
      if (this.client === client) this.client = undefined;
    };
    client.on('error', drop);
    client.on('end', drop);
    client.on('notification', ({ payload, processId }) => this.reaches(Number(payload), processId));
    this.connecting = connectClient(client)
      .then(() => client.query(`LISTEN ${CHANNEL}`))
      .then(async () => {
        this.client = client;
        this.reaches(await this.readHead());
      })
      .catch(() => client.end().catch(() => {}))
      .then(() => {
        this.connecting = undefined;
      });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.connecting;
    await this.client?.end().catch(() => {});
  }
}
