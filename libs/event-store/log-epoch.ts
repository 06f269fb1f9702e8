import type { Ids } from '../kernel/ids.js';
import type { Pool } from '../platform/database/database.js';

const REFRESH_MS = 5_000;
const EPOCH_LENGTH = 12;

/** The database server and its timeline, which is another one after a failover or a restore to a point in time. */
const SERVER = `
  SELECT (SELECT system_identifier::text FROM pg_control_system()) || '/' ||
         left(pg_walfile_name(pg_current_wal_lsn()), 8) AS server`;

/**
 * The epoch of the log: a random name of the history that positions belong to. After a restore from a backup the same
 * positions may hold other events, so a position is only good in the epoch that gave it.
 *
 * It is renewed by `gatehouse renew-log-epoch`, which is part of a restore, and by itself if the database runs on another
 * server or timeline than the one noted.
 */
export class LogEpoch {
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private name = '';
  private renewed: (names: { before: string; after: string }) => void = () => {};
  /** Resolves when another epoch begins while this process runs. */
  readonly renewal = new Promise<{ before: string; after: string }>((resolve) => {
    this.renewed = resolve;
  });

  private constructor(
    private readonly pool: Pool,
    private readonly ids: Ids,
  ) {}

  /** Reads the epoch at once, and then every five seconds until it is closed. */
  static async open(pool: Pool, ids: Ids): Promise<LogEpoch> {
    const epoch = new LogEpoch(pool, ids);
    await epoch.refresh();
    epoch.refreshLater();
    return epoch;
  }

  /** Renews the epoch without a running server. @returns the new one */
  static renewIn(pool: Pool, ids: Ids): Promise<string> {
    return new LogEpoch(pool, ids).renew();
  }

  /** Lower-case hexadecimal digits. */
  get current(): string {
    return this.name;
  }

  /** Names the epoch anew, for all processes: each follows within five seconds. */
  async renew(): Promise<string> {
    await this.write(`excluded.name`);
    return this.name;
  }

  /** Reads the epoch; renews it if the database's server is another than the one noted. */
  async refresh(): Promise<void> {
    const { rows } = await this.pool.query(`SELECT name, server = (${SERVER}) AS same FROM log.epoch`);
    if (rows[0]?.same) this.become(rows[0].name);
    else await this.write(`CASE WHEN e.server = excluded.server THEN e.name ELSE excluded.name END`);
  }

  private async write(name: string): Promise<void> {
    const { rows } = await this.pool.query(
      `INSERT INTO log.epoch AS e (name, server) VALUES ($1, (${SERVER}))
       ON CONFLICT (only_row) DO UPDATE SET name = ${name}, server = excluded.server
       RETURNING name`,
      [this.ids.next().replaceAll('-', '').slice(-EPOCH_LENGTH)],
    );
    this.become(rows[0].name);
  }

  private become(name: string): void {
    const before = this.name;
    this.name = name;
    if (before !== '' && before !== name) this.renewed({ before, after: name });
  }

  private refreshLater(): void {
    this.timer = setTimeout(async () => {
      await this.refresh().catch(() => {}); // the database is unreachable, and so is what positions are about
      if (!this.closed) this.refreshLater();
    }, REFRESH_MS).unref();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
