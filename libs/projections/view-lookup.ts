import type pg from 'pg';
import type { Position } from '../kernel/envelope.js';
import { shardOf } from '../subscriptions/shards.js';
import type { View, ViewRow } from './view.js';
import { queryView, ViewNotBuilt } from './view-query.js';
import { viewTable } from './view-tables.js';

/** A key's row and how current it is. Before the view is built, no row as of position 0. */
export interface Found {
  row: ViewRow | undefined;
  /** The row includes all events of the key up to here, unless the key is parked. */
  asOf: Position;
  isParked: boolean;
}

const NOTHING: Found = { row: undefined, asOf: 0, isParked: false };

/**
 * Finds rows of a view by key, each as of one moment and in one query.
 * @param columns columns of the view's table, as queries read them
 * @returns a function that throws StoreUnavailable while the database is unreachable
 */
export function viewLookup(pool: pg.Pool, view: View, columns: readonly string[]): (key: string) => Promise<Found> {
  const { name, version, table } = view;
  const query = {
    name: `gatehouse_${name}_lookup`,
    text: `SELECT b.position, b.parked, r.* FROM (
             SELECT coalesce(c.position, 0) AS position,
                    EXISTS (SELECT FROM projections.parked p WHERE p.follower = l.follower AND p.key = $1) AS parked
             FROM (SELECT 'view:' || view || ':v' || version || ':b' || build AS follower FROM projections.builds
                   WHERE view = $2 AND version = $3 AND live) l
             LEFT JOIN projections.checkpoints c ON c.follower = l.follower AND c.lane = $4
           ) b LEFT JOIN (SELECT ${columns.join(', ')} FROM ${viewTable(view)} WHERE ${table.key} = $1) r ON true`,
  };
  return async (key) => {
    try {
      const { rows } = await queryView(pool, { ...query, values: [key, name, version, shardOf(key)] });
      if (!rows[0]) return NOTHING;
      const { position, parked, ...row } = rows[0];
      return { row: row[table.key] === null ? undefined : row, asOf: Number(position), isParked: parked };
    } catch (error) {
      if (error instanceof ViewNotBuilt) return NOTHING;
      throw error;
    }
  };
}
