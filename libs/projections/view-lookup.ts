import type pg from 'pg';
import { batched } from '../kernel/batched.js';
import { earlierMoment } from '../kernel/earlier-moment.js';
import type { Position } from '../kernel/envelope.js';
import { arrayParameter } from '../platform/database/array-parameters.js';
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

/** Keys in one query, and queries at a time: more would only wait in the server. */
const LIMITS = { most: 128, atOnce: 2 };

/**
 * Finds rows of a view by key, each as of one moment; those that are looked up at once, in one query.
 * @param columns columns of the view's table, as queries read them
 * @returns a function that throws StoreUnavailable while the database is unreachable
 */
export function viewLookup(pool: pg.Pool, view: View, columns: readonly string[]): (key: string) => Promise<Found> {
  const { name, version, table } = view;
  const query = {
    name: `gatehouse_${name}_lookup`,
    text: `SELECT k.n, coalesce(c.position, 0) AS position,
             EXISTS (SELECT FROM projections.parked p WHERE p.follower = l.follower AND p.key = k.key) AS parked,
             ${columns.map((column) => `r.${column}`).join(', ')}
           FROM unnest($1::text[], $2::int4[]) WITH ORDINALITY k (key, lane, n)
           CROSS JOIN (SELECT 'view:' || view || ':v' || version || ':b' || build AS follower FROM projections.builds
             WHERE view = $3 AND version = $4 AND live) l
           LEFT JOIN projections.checkpoints c ON c.follower = l.follower AND c.lane = k.lane
           LEFT JOIN ${viewTable(view)} r ON r.${table.key} = k.key`,
  };
  const found = batched(async (keys: readonly string[]) => {
    const answers = keys.map(() => NOTHING);
    try {
      const shards = arrayParameter('int4', keys.map(shardOf));
      const { rows } = await queryView(pool, {
        ...query,
        values: [arrayParameter('text', keys), shards, name, version],
      });
      for (const { n, position, parked, ...row } of rows)
        answers[Number(n) - 1] = {
          row: row[table.key] === null ? undefined : row,
          asOf: Number(position),
          isParked: parked,
        };
    } catch (error) {
      if (!(error instanceof ViewNotBuilt)) throw error;
    }
    return answers;
  }, LIMITS);
  const earlier = {
    text: `SELECT ${columns.map((column) => `r.${column}`).join(', ')} FROM ${viewTable(view)} r WHERE r.${table.key} = $1`,
  };
  return async (key) => {
    const moment = earlierMoment();
    if (!moment) return found(key);
    const { rows } = await queryView(pool, { ...earlier, values: [key] });
    return { row: rows[0], asOf: moment.position, isParked: false };
  };
}
