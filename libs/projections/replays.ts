import type pg from 'pg';
import type { Position } from '../kernel/envelope.js';
import { inTransaction } from '../platform/database/in-transaction.js';
import type { KeptReplays } from './kept-replays.js';
import type { Rebuilder } from './rebuilder.js';
import type { Progress } from './shard-replay.js';
import type { TableChanges } from './table-changes.js';
import type { Digest } from './table-digest.js';
import type { View } from './view.js';
import type { ViewTables } from './view-tables.js';

/** A table of a view as replays made it. */
export interface ReplayDigest extends Digest {
  view: string;
  table: string;
  /** Whether every replay made the same rows, byte for byte. */
  equal: boolean;
}

/** What changed in a table of a view. */
export interface ViewChanges extends TableChanges {
  view: string;
  table: string;
}

const REPLAYS = 2;

/** Views as of earlier positions, replayed beside the live ones. */
export class ViewReplays {
  constructor(
    private readonly pool: pg.Pool,
    private readonly rebuilder: Pick<Rebuilder, 'replayed'>,
    private readonly kept: Pick<KeptReplays, 'at' | 'keep'>,
  ) {}

  /**
   * Replays twice, each time into tables of its own, and digests them.
   * @param name under which the tables are kept, if they are to be; unless the replays differ
   * @throws as `Rebuilder.readAt`, and `KeptReplays.keep`
   */
  digestsAt(
    views: readonly View[],
    position: Position,
    name?: string,
    progress?: Progress,
    signal?: AbortSignal,
  ): Promise<ReplayDigest[]> {
    const positions = Array.from({ length: REPLAYS }, () => position);
    return this.rebuilder.replayed(
      views,
      positions,
      async ([first, second]) => {
        const found: ReplayDigest[] = [];
        for (const [n, { view, tables }] of first!.entries()) {
          const [one, other] = await inTransaction(this.pool, async (client) => [
            await tables.digest(client, signal),
            await second![n]!.tables.digest(client, signal),
          ]);
          for (const [table, { rows, hash }] of Object.entries(one!)) {
            const equal = rows === other![table]!.rows && hash === other![table]!.hash;
            found.push({ view: view.name, table, rows, hash, equal });
          }
        }
        return found;
      },
      progress,
      signal,
      async ([first], digests) => {
        if (name !== undefined && digests.every(({ equal }) => equal))
          await this.kept.keep(name, position, first!, digests);
      },
    );
  }

  /**
   * What changed between two positions. Where the views of one are kept, they are not replayed.
   * @param limit of the rows of each table that are named
   * @throws as `Rebuilder.readAt`
   */
  async changesBetween(
    views: readonly View[],
    { from, to }: { from: Position; to: Position },
    limit: number,
    progress?: Progress,
    signal?: AbortSignal,
  ): Promise<ViewChanges[]> {
    const earlier = (await this.kept.at(views, from, signal))?.tables;
    const later = (await this.kept.at(views, to, signal))?.tables;
    const missing = [...(earlier ? [] : [from]), ...(later ? [] : [to])];
    if (missing.length === 0) return this.changes(views, { earlier: earlier!, later: later! }, limit);
    return this.rebuilder.replayed(
      views,
      missing,
      async (builds) => {
        const replayed = builds.map((ofTarget) => ofTarget.map(({ tables }) => tables));
        return this.changes(views, { earlier: earlier ?? replayed[0]!, later: later ?? replayed.at(-1)! }, limit);
      },
      progress,
      signal,
    );
  }

  /** @param between of the views, in their order */
  private async changes(
    views: readonly View[],
    { earlier, later }: { earlier: readonly ViewTables[]; later: readonly ViewTables[] },
    limit: number,
  ): Promise<ViewChanges[]> {
    const found: ViewChanges[] = [];
    for (const [n, view] of views.entries()) {
      const changes = await inTransaction(this.pool, (client) => later[n]!.changesSince(earlier[n]!, client, limit));
      for (const [table, one] of Object.entries(changes)) found.push({ view: view.name, table, ...one });
    }
    return found;
  }
}
