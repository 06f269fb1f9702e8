import type pg from 'pg';
import type { EventStore } from '../event-store/event-store.js';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { inSnapshot, inTransaction } from '../platform/database/in-transaction.js';
import { takeOverCheckpoints } from '../subscriptions/checkpoints.js';
import type { LockSession } from '../subscriptions/lock-session.js';
import { ALL_SHARDS } from '../subscriptions/shards.js';
import type { PageReport } from './apply-page.js';
import type { BuildShard } from './build-shards.js';
import { abandon, liveBuild, promote, startBuild } from './builds.js';
import { exclusively } from './exclusive-builds.js';
import type { RowDifference } from './row-differences.js';
import { type Progress, ShardReplay } from './shard-replay.js';
import type { Digest } from './table-digest.js';
import type { View } from './view.js';
import type { ViewBuild } from './view-build.js';
import { inSchemas } from './view-query.js';
import { viewSchema } from './view-tables.js';

export interface TableComparison {
  table: string;
  live: Digest;
  replayed: Digest;
  equal: boolean;
  /**
   * The first rows that differ, if the table differs. Both tables have read on meanwhile: empty if an event has corrected
   * the live rows, undefined if events were stored faster than they were replayed.
   */
  rows?: RowDifference[];
}

export interface ViewComparison {
  view: string;
  /** The position up to which both were compared. */
  position: Position;
  /** False if any table differs; undefined if there was no live build to compare with. */
  equal?: boolean;
  tables: TableComparison[];
}

/** The last stretch is read while the live build is locked, so it must be short. */
const LAST_STRETCH_MS = 1_000;
const CATCH_UP_ROUNDS = 20;

interface Snapshot {
  positions: Map<number, Position>;
  digests: Record<string, Digest>;
}

/** The position up to which views are replayed: one, or one for each shard. */
export type ReplayTarget = Position | ((view: View, shard: number) => Position);

/** The builds of some views for each of some positions. */
export type Builds = readonly (readonly ViewBuild[])[];

/** Where `queryView` reads. */
export type ViewQueries = Pick<pg.Pool, 'query'>;

/** Replays the log into new tables beside the live ones, to compare them or to replace them. */
export class Rebuilder {
  private readonly shards: ShardReplay;

  constructor(
    private readonly pool: pg.Pool,
    private readonly store: Pick<EventStore, 'head' | 'readAll'>,
    private readonly locks: LockSession,
    private readonly report: Pick<PageReport, 'parked'> = {},
  ) {
    this.shards = new ShardReplay(pool, store, report);
  }

  /**
   * Replays into new tables up to the position of the live ones and compares digests of all rows. Changes nothing.
   * @throws Refusal `rebuild-running` if one of the views is being rebuilt or verified elsewhere
   * @throws StoreUnavailable if the database does not answer
   */
  verify(views: readonly View[], progress?: Progress, signal?: AbortSignal): Promise<ViewComparison[]> {
    return exclusively(this.pool, this.locks, views, signal, async () => {
      const { builds, comparisons } = await this.replay(views, progress, signal);
      for (const build of builds) await abandon(this.pool, build);
      return comparisons;
    });
  }

  /**
   * Replays, compares, reads on to the head and replaces each live build in one transaction.
   * @param replacing called before a live build is replaced
   * @throws Refusal `rebuild-running`; `rebuild-behind` if events are stored faster than they are replayed
   */
  rebuild(
    views: readonly View[],
    progress?: Progress,
    signal?: AbortSignal,
    replacing?: (live: ViewBuild, by: ViewBuild) => Promise<void>,
  ): Promise<ViewComparison[]> {
    return exclusively(this.pool, this.locks, views, signal, async () => {
      const { shards, builds, comparisons } = await this.replay(views, progress, signal);
      const waiting = [...builds];
      try {
        for (let build = waiting[0]; build; build = waiting[0]) {
          const live = replacing && (await liveBuild(this.pool, build.view));
          if (live) await replacing(live, build);
          await this.switchTo(
            build,
            shards.filter((shard) => shard.build === build),
            signal,
          );
          waiting.shift();
        }
      } catch (error) {
        await this.giveUp(waiting);
        throw error;
      }
      return comparisons;
    });
  }

  /**
   * Replays into new tables up to a position, and drops them once they were read.
   * @param read its queries name the live tables of these views, and get the rows that those had at the position
   * @throws Refusal `rebuild-running`; StoreUnavailable if the database does not answer
   */
  readAt<Answer>(
    views: readonly View[],
    target: ReplayTarget,
    read: (db: ViewQueries) => Promise<Answer>,
    signal?: AbortSignal,
  ): Promise<Answer> {
    return this.replayed(views, [target], ([builds]) => read(queriesTo(this.pool, builds!)), undefined, signal);
  }

  /**
   * Replays into new tables up to each of some positions, and drops them once the work with them is done.
   * @param work gets the builds of the views for each position
   * @param keep may then make tables of theirs its own
   * @param begin called once nobody else replays these views; an error of it ends this before anything is replayed
   * @throws as `readAt`, and what `begin` throws
   */
  replayed<Answer>(
    views: readonly View[],
    targets: readonly ReplayTarget[],
    work: (builds: Builds) => Promise<Answer>,
    progress?: Progress,
    signal?: AbortSignal,
    keep?: (builds: Builds, answer: Answer) => Promise<void>,
    begin?: () => Promise<void>,
  ): Promise<Answer> {
    return exclusively(this.pool, this.locks, views, signal, async () => {
      await begin?.();
      const builds: ViewBuild[] = [];
      const shards: BuildShard[] = [];
      try {
        const byTarget: ViewBuild[][] = [];
        for (const target of targets) {
          const from = builds.length;
          for (const view of views) {
            const build = await startBuild(this.pool, view);
            builds.push(build);
            for (const checkpoint of await takeOverCheckpoints(this.pool, build.consumer, ALL_SHARDS)) {
              const { shard, position } = checkpoint;
              const end = typeof target === 'function' ? target(view, shard) : target;
              shards.push({ build, checkpoint, position, target: end });
            }
          }
          byTarget.push(builds.slice(from));
        }
        await this.shards.advance(shards, progress, signal);
        const answer = await work(byTarget);
        for (const { tables } of builds) await tables.refuseEmptied(this.pool);
        await keep?.(byTarget, answer);
        return answer;
      } finally {
        await this.giveUp(builds);
      }
    });
  }

  /** The same for a log of some of the events, for `readAt`. */
  ofEvents(isPart: (event: RecordedEvent) => boolean): Pick<Rebuilder, 'readAt'> {
    const readAll: EventStore['readAll'] = async (after, options) => {
      const page = await this.store.readAll(after, options);
      return { ...page, events: page.events.filter(isPart) };
    };
    return new Rebuilder(this.pool, { head: () => this.store.head(), readAll }, this.locks, this.report);
  }

  private async giveUp(builds: readonly ViewBuild[]): Promise<void> {
    for (const build of builds) await abandon(this.pool, build).catch(() => {}); // the next sweep removes it
  }

  private async replay(views: readonly View[], progress?: Progress, signal?: AbortSignal) {
    const head = await this.store.head();
    const shards: BuildShard[] = [];
    const builds: ViewBuild[] = [];
    const snapshots = new Map<ViewBuild, Snapshot>();
    try {
      for (const view of views) {
        const snapshot = await this.snapshotLive(view, signal);
        const build = await startBuild(this.pool, view);
        if (snapshot) snapshots.set(build, snapshot);
        builds.push(build);
        for (const checkpoint of await takeOverCheckpoints(this.pool, build.consumer, ALL_SHARDS)) {
          const target = snapshot?.positions.get(checkpoint.shard) ?? head;
          shards.push({ build, checkpoint, position: checkpoint.position, target });
        }
      }
      await this.shards.advance(shards, progress, signal);
      const comparisons: ViewComparison[] = [];
      for (const build of builds) {
        const comparison = await this.compare(build, snapshots.get(build), head, signal);
        comparisons.push(comparison);
        const ofBuild = shards.filter((shard) => shard.build === build);
        if (comparison.equal === false) await this.nameRows(comparison, build, ofBuild, signal);
      }
      return { shards, builds, comparisons };
    } catch (error) {
      await this.giveUp(builds);
      throw error;
    }
  }

  private async snapshotLive(view: View, signal?: AbortSignal): Promise<Snapshot | undefined> {
    return inSnapshot(this.pool, async (client) => {
      const live = await liveBuild(client, view);
      if (!live) return undefined;
      const { rows } = await client.query('SELECT lane, position FROM projections.checkpoints WHERE follower = $1', [
        live.consumer,
      ]);
      const positions = new Map(rows.map((row): [number, Position] => [row.lane, Number(row.position)]));
      return { positions, digests: await live.tables.digest(client, signal) };
    });
  }

  private async compare(
    build: ViewBuild,
    snapshot: Snapshot | undefined,
    head: Position,
    signal?: AbortSignal,
  ): Promise<ViewComparison> {
    const { name } = build.view;
    if (!snapshot) return { view: name, position: head, tables: [] };
    const replayed = await inTransaction(this.pool, async (client) => {
      await build.tables.refuseEmptied(client);
      return build.tables.digest(client, signal);
    });
    const tables = Object.entries(snapshot.digests).map(([table, live]) => ({
      table,
      live,
      replayed: replayed[table]!,
      equal: live.rows === replayed[table]!.rows && live.hash === replayed[table]!.hash,
    }));
    return {
      view: name,
      position: Math.min(...snapshot.positions.values()),
      equal: tables.every((table) => table.equal),
      tables,
    };
  }

  /** Adds the rows that differ to the comparison of a view that differs. */
  private async nameRows(
    { tables }: ViewComparison,
    build: ViewBuild,
    shards: readonly BuildShard[],
    signal?: AbortSignal,
  ): Promise<void> {
    try {
      await this.catchUp(build, shards, signal);
    } catch (error) {
      if (error instanceof Refusal) return;
      throw error;
    }
    const differences = await inTransaction(this.pool, async (reader) => {
      // The live build is locked only until the reader has its snapshot, since a comparison may take minutes.
      const live = await inTransaction(this.pool, async (client) => {
        const found = await this.alignWithLive(client, build, shards, signal);
        await reader.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
        await reader.query('SELECT');
        return found;
      });
      return live?.tables.differences(reader, build.tables);
    });
    for (const table of tables) if (!table.equal) table.rows = differences?.[table.table];
  }

  /** Moves the draft to the position of the live build, which the client's transaction locks. */
  private async alignWithLive(
    client: pg.PoolClient,
    build: ViewBuild,
    shards: readonly BuildShard[],
    signal?: AbortSignal,
  ): Promise<ViewBuild | undefined> {
    const live = await liveBuild(client, build.view);
    if (!live) return undefined;
    const { rows } = await client.query(
      'SELECT max(position) AS position FROM (SELECT position FROM projections.checkpoints WHERE follower = $1 FOR UPDATE) c',
      [live.consumer],
    );
    for (const shard of shards) shard.target = Number(rows[0].position);
    await this.shards.advance(shards, undefined, signal);
    return live;
  }

  /** The new build must be at least as far as the live one, or readers would go back in time. */
  private async switchTo(build: ViewBuild, shards: readonly BuildShard[], signal?: AbortSignal): Promise<void> {
    await inTransaction(this.pool, (client) => build.tables.complete(client));
    await this.catchUp(build, shards, signal);
    await inTransaction(this.pool, async (client) => {
      await this.alignWithLive(client, build, shards, signal);
      await promote(client, build);
    });
  }

  /** Reads on until the rest is short. */
  private async catchUp(build: ViewBuild, shards: readonly BuildShard[], signal?: AbortSignal): Promise<void> {
    for (let round = 0; round < CATCH_UP_ROUNDS; round++) {
      const head = await this.store.head();
      const startedAt = performance.now();
      for (const shard of shards) shard.target = head;
      await this.shards.advance(shards, undefined, signal);
      if (performance.now() - startedAt < LAST_STRETCH_MS) return;
    }
    throw new Refusal(
      'rebuild-behind',
      `${build.view.name} moved faster than its rebuild: rebuild it again when there is less load`,
    );
  }
}

/** Answers queries of the views' live tables from those of the builds. */
function queriesTo(pool: pg.Pool, builds: readonly ViewBuild[]): ViewQueries {
  const schemas = new Map(builds.map(({ view, tables }) => [viewSchema(view), tables.schema]));
  return { query: (asked: pg.QueryConfig) => pool.query(inSchemas(asked, schemas)) } as ViewQueries;
}
