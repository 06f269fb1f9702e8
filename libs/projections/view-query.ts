import type pg from 'pg';
import { StoreUnavailable } from '../kernel/errors.js';
import { isTransientDatabaseError } from '../kernel/transient.js';

const UNDEFINED_TABLE = '42P01';

/** A view has no tables before its first build. */
export class ViewNotBuilt extends StoreUnavailable {}

/**
 * A query over views' tables.
 * @throws ViewNotBuilt; StoreUnavailable while the database is away
 */
export async function queryView(pool: pg.Pool, query: pg.QueryConfig): Promise<pg.QueryResult> {
  try {
    return await pool.query(query);
  } catch (error) {
    if (isTransientDatabaseError(error)) throw new StoreUnavailable('the database is away', { cause: error });
    if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    throw new ViewNotBuilt('the view that this needs is not built yet: ask again in a moment', { cause: error });
  }
}
