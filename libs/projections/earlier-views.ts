import type pg from 'pg';
import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { within } from '../kernel/wait.js';
import { inTransaction } from '../platform/database/in-transaction.js';
import { detach } from './builds.js';
import type { KeptReplays, ReplayOfViews } from './kept-replays.js';
import type { Rebuilder } from './rebuilder.js';
import { replayRunning } from './replay-running.js';
import type { View } from './view.js';
import type { ViewBuild } from './view-build.js';
import { dropSchema, viewSchema } from './view-tables.js';

/** As of so many positions, views are there at a time: of a large log, each takes as much room as the live ones. */
export const MOST_POSITIONS = 4;
/** How long they stay if nobody reads them. */
export const UNREAD_MINUTES = 15;

const FIND = `UPDATE projections.earlier_views SET read_at = now()
  WHERE epoch = $1 AND position = $2 AND (view, version) IN (SELECT * FROM unnest($3::text[], $4::int[]))
  RETURNING view, schema`;
const ADD = `INSERT INTO projections.earlier_views (epoch, position, view, version, schema, replay)
  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`;
const UNREAD = `read_at < now() - interval '${UNREAD_MINUTES} minutes'`;
/** Not what somebody has just been shown, who may ask for the next page. */
const BEYOND_MOST = `(epoch, position) IN (
  SELECT epoch, position FROM (
    SELECT epoch, position, max(read_at) AS last_read, row_number() OVER (ORDER BY max(read_at) DESC) AS place
    FROM projections.earlier_views WHERE replay IS NULL GROUP BY epoch, position) AS positions
  WHERE place > ${MOST_POSITIONS} AND last_read < now() - interval '1 minute')`;

type Schemas = ReadonlyMap<string, string>;

/** A position means something in its epoch of the log only. */
interface PlaceInLog {
  epoch: string;
  position: Position;
}

/** Another process has replayed some of the views between the look and the lock. */
class MadeMeanwhile extends Error {}

/**
 * Views as of earlier positions, for reads: replayed when they are first asked for, and shared by all processes until nobody
 * has read them for a while. One replay runs at a time in a process.
 */
export class EarlierViews {
  private readonly ending = new AbortController();
  private running: { position: Position; share: number; ended: Promise<void> } | undefined;

  /**
   * @param kept replays that somebody has kept, which are read where they fit
   * @param epoch of the log
   * @param waitMs how long a caller waits for a replay
   */
  constructor(
    private readonly pool: pg.Pool,
    private readonly rebuilder: Pick<Rebuilder, 'replayed'>,
    private readonly kept: Pick<KeptReplays, 'at'>,
    private readonly epoch: { readonly current: string },
    private readonly waitMs: number,
  ) {}

  /**
   * The schemas with the rows that views had at a position, by the schemas of the live ones.
   * @throws Unavailable replay-running if the replay goes on, or another one does
   */
  schemasAt(views: readonly View[], position: Position): Promise<Schemas> {
    return within(
      this.waitMs,
      () => this.found(views, position),
      () => this.busy(),
    );
  }

  /** Stops a replay; a repeat of the request begins it again, here or elsewhere. */
  async onApplicationShutdown(): Promise<void> {
    this.ending.abort();
    await this.running?.ended.catch(() => {});
  }

  private async found(views: readonly View[], position: Position): Promise<Schemas> {
    for (;;) {
      const schemas = await this.schemasOf(views, position);
      const missing = views.filter((view) => !schemas.has(viewSchema(view)));
      if (missing.length === 0) return schemas;
      if (this.running && this.running.position !== position) throw this.busy();
      this.running ??= this.start(missing, position);
      await this.running.ended;
    }
  }

  private async schemasOf(views: readonly View[], position: Position): Promise<Schemas> {
    const [names, versions] = [views.map(({ name }) => name), views.map(({ version }) => version)];
    const { rows } = await this.pool.query(FIND, [this.epoch.current, position, names, versions]);
    const schemaOf = (name: string) => viewSchema(views.find((view) => view.name === name)!);
    return new Map(rows.map(({ view, schema }) => [schemaOf(view), schema]));
  }

  private start(views: readonly View[], position: Position) {
    const running = { position, share: 0, ended: Promise.resolve() };
    const progress = (reached: Position, of: Position) => {
      running.share = of === 0 ? 1 : reached / of;
    };
    running.ended = this.make(views, position, progress).finally(() => {
      this.running = undefined;
    });
    running.ended.catch(() => {}); // those who wait get the error
    return running;
  }

  private async make(
    views: readonly View[],
    position: Position,
    progress: (reached: Position, of: Position) => void,
  ): Promise<void> {
    // If another one begins meanwhile, these are the rows of the log as it was before.
    const at = { epoch: this.epoch.current, position };
    const kept = await this.keptOf(views, position);
    if (kept) {
      const placed = views.map((view, n) => ({ view, schema: kept.tables[n]!.schema }));
      await inTransaction(this.pool, (client) => this.add(client, at, placed, kept.name));
    } else {
      try {
        const keep = ([builds]: readonly (readonly ViewBuild[])[]) => this.keep(at, builds!);
        const lookAgain = async () => {
          if ((await this.schemasOf(views, position)).size > 0) throw new MadeMeanwhile();
        };
        await this.rebuilder.replayed(views, [position], async () => {}, progress, this.ending.signal, keep, lookAgain);
      } catch (error) {
        if (error instanceof MadeMeanwhile) return;
        // One of the views is being rebuilt, verified or replayed, here or elsewhere.
        throw error instanceof Refusal || this.ending.signal.aborted ? replayRunning() : error;
      }
    }
    await dropEarlierViews(this.pool, BEYOND_MOST);
  }

  /** One whose tables somebody has written to is no answer. */
  private async keptOf(views: readonly View[], position: Position): Promise<ReplayOfViews | undefined> {
    try {
      return await this.kept.at(views, position, this.ending.signal);
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  /** Durably, since what a crash emptied would be an answer of nothing. */
  private async keep(at: PlaceInLog, builds: readonly ViewBuild[]): Promise<void> {
    await inTransaction(this.pool, async (client) => {
      const placed = builds.map(({ view }) => ({ view, schema: `earlier_${viewSchema(view)}_p${at.position}` }));
      for (const [n, { tables, view, build }] of builds.entries()) {
        const { schema } = placed[n]!;
        await tables.complete(client);
        // Of another epoch of the log.
        await client.query('DELETE FROM projections.earlier_views WHERE schema = $1', [schema]);
        await dropSchema(client, schema);
        await client.query(`ALTER SCHEMA ${tables.schema} RENAME TO ${schema}`);
        await detach(client, view, build);
      }
      await this.add(client, at, placed, null);
    });
  }

  private async add(
    client: pg.ClientBase,
    { epoch, position }: PlaceInLog,
    placed: readonly { view: View; schema: string }[],
    replay: string | null,
  ): Promise<void> {
    for (const { view, schema } of placed)
      await client.query(ADD, [epoch, position, view.name, view.version, schema, replay]);
  }

  private busy() {
    if (!this.running) return replayRunning();
    const { position, share } = this.running;
    return replayRunning(`the log is being replayed up to ${position} (${Math.floor(share * 100)}% done)`);
  }
}

/** Drops what nobody has read for a while. */
export const dropUnreadViews = (pool: pg.Pool): Promise<void> => dropEarlierViews(pool, UNREAD);

/** The tables of a replay that somebody has kept stay. @param where SQL */
async function dropEarlierViews(pool: pg.Pool, where: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query(
      `DELETE FROM projections.earlier_views WHERE ${where} RETURNING schema, replay IS NULL AS is_own`,
    );
    for (const { schema, is_own } of rows) if (is_own) await dropSchema(client, schema);
  });
}
