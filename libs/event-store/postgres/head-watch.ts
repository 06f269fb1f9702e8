import pg from 'pg';
import type { Position } from '../../kernel/envelope.js';

const CHANNEL = 'gatehouse_log';
const RECONNECT_MS = 1_000;
const ANSWER_MS = 5_000;

interface Waiter {
  position: Position;
  wake(): void;
}

/** Knows the newest position heard of and wakes whoever waits for a later one: by NOTIFY, by our own appends, by polling. */
export class HeadWatch {
  /** The newest position heard of; the log may be further. */
  known: Position = 0;
  private readonly waiters = new Set<Waiter>();
  private client: pg.Client | undefined;
  private connecting: Promise<void> | undefined;
  private lastAttempt = 0;
  private closed = false;

  /** @param readHead asks the log itself; the polling behind the notifications */
  constructor(
    private readonly connection: pg.PoolConfig,
    private readonly readHead: () => Promise<Position>,
  ) {}

  advanceTo(position: Position): void {
    if (position <= this.known) return;
    this.known = position;
    for (const waiter of this.waiters) if (waiter.position < position) waiter.wake();
  }

  /** Resolves when something stands behind `position`, after `idleMs`, or when the signal aborts. */
  async waitPast(position: Position, idleMs: number, signal: AbortSignal): Promise<void> {
    this.listen();
    if (this.known > position || signal.aborted) return;
    await this.sleepUnless(position, idleMs, signal);
  }

  pause(ms: number, signal: AbortSignal): Promise<void> {
    return this.sleepUnless(Number.POSITIVE_INFINITY, ms, signal);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.connecting;
    await this.client?.end().catch(() => {});
  }

  private sleepUnless(position: Position, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.waiters.delete(waiter);
        resolve();
      };
      const waiter: Waiter = { position, wake };
      const timer = setTimeout(wake, ms);
      signal.addEventListener('abort', wake, { once: true });
      this.waiters.add(waiter);
    });
  }

  /** Connects once; after a break tries again at the next wait. Waiting works without it, by polling. */
  private listen(): void {
    if (this.client || this.connecting || this.closed || performance.now() - this.lastAttempt < RECONNECT_MS) return;
    this.lastAttempt = performance.now();
    const client = new pg.Client({
      ...this.connection,
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
    client.on('notification', (message) => this.advanceTo(Number(message.payload)));
    this.connecting = client
      .connect()
      .then(() => client.query(`LISTEN ${CHANNEL}`))
      .then(async () => {
        this.client = client;
        this.advanceTo(await this.readHead());
      })
      .catch(() => client.end().catch(() => {}))
      .then(() => {
        this.connecting = undefined;
      });
  }
}
