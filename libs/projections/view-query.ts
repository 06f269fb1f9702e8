import type pg from 'pg';
import { StoreUnavailable } from '../event-store/event-store.js';

const UNDEFINED_TABLE = '42P01';

/**
 * A query over views' tables.
 * @throws StoreUnavailable before the first build of a view, when it has no tables yet
 */
export async function queryView(pool: pg.Pool, query: pg.QueryConfig): Promise<pg.QueryResult> {
  try {
    return await pool.query(query);
  } catch (error) {
    if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    throw new StoreUnavailable('the view that this needs is not built yet: ask again in a moment', { cause: error });
  }
}
