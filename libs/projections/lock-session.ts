import pg from 'pg';

const RECONNECT_MS = 1_000;

/**
 * Names held by this process alone, as PostgreSQL advisory locks of one session: they are free the moment the process or
 * its connection dies, with no lease time to wait for and no clock to trust. A holder that is cut off without noticing is
 * stopped by the checkpoints' epochs.
 */
export class LockSession {
  private client: pg.Client | undefined;
  private connecting: Promise<pg.Client> | undefined;
  private lost = new AbortController();
  private lastFailure = Number.NEGATIVE_INFINITY;
  private readonly held = new Set<string>();
  /** One statement at a time, as a connection takes them. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly connection: pg.PoolConfig) {}

  /**
   * @returns a signal that aborts when the name is no longer held; undefined while another session holds it or the
   * database is away
   */
  tryHold(name: string): Promise<AbortSignal | undefined> {
    return this.inTurn(() => this.hold(name));
  }

  async release(name: string): Promise<void> {
    await this.inTurn(async () => {
      if (!this.held.delete(name)) return;
      await this.client?.query('SELECT pg_advisory_unlock(hashtextextended($1, 7))', [name]).catch(() => {});
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

  private async hold(name: string): Promise<AbortSignal | undefined> {
    try {
      const client = await this.connect();
      if (this.held.has(name)) return undefined;
      const { rows } = await client.query('SELECT pg_try_advisory_lock(hashtextextended($1, 7)) AS held', [name]);
      if (!rows[0].held) return undefined;
      this.held.add(name);
      return this.lost.signal;
    } catch {
      return undefined;
    }
  }

  private async connect(): Promise<pg.Client> {
    if (this.client) return this.client;
    if (!this.connecting) {
      if (performance.now() - this.lastFailure < RECONNECT_MS) throw new Error('the database is away');
      const client = new pg.Client({ ...this.connection, keepAlive: true, application_name: 'gatehouse-locks' });
      const drop = () => {
        if (this.client !== client) return;
        this.client = undefined;
        this.held.clear();
        this.lost.abort();
        this.lost = new AbortController();
      };
      client.on('error', drop);
      client.on('end', drop);
      this.connecting = client
        .connect()
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
