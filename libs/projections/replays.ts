import type pg from 'pg';
import type { Position } from '../kernel/envelope.js';
import { inTransaction } from '../platform/database/in-transaction.js';
import type { Rebuilder } from './rebuilder.js';
import type { Progress } from './shard-replay.js';
import type { TableChanges } from './table-changes.js';
import type { Digest } from './table-digest.js';
import type { View } from './view.js';

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
  ) {}

  /**
   * Replays twice, each time into tables of its own, and digests them.
   * @throws as `Rebuilder.readAt`
   */
  digestsAt(
    views: readonly View[],
    position: Position,
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
    );
  }

  /**
   * What changed between two positions.
   * @param limit of the rows of each table that are named
   * @throws as `Rebuilder.readAt`
   */
  changesBetween(
    views: readonly View[],
    { from, to }: { from: Position; to: Position },
    limit: number,
    progress?: Progress,
    signal?: AbortSignal,
  ): Promise<ViewChanges[]> {
    return this.rebuilder.replayed(
      views,
      [from, to],
      async ([earlier, later]) => {
        const found: ViewChanges[] = [];
        for (const [n, { view, tables }] of later!.entries()) {
          const changes = await inTransaction(this.pool, (client) =>
            tables.changesSince(earlier![n]!.tables, client, limit),
          );
          for (const [table, one] of Object.entries(changes)) found.push({ view: view.name, table, ...one });
        }
        return found;
      },
      progress,
      signal,
    );
  }
}
