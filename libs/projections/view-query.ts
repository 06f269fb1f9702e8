import type pg from 'pg';
import { StoreUnavailable } from '../kernel/errors.js';
import { isTransientDatabaseError } from '../kernel/transient.js';

const UNDEFINED_TABLE = '42P01';

/** A view has no tables before its first build. */
export class ViewNotBuilt extends StoreUnavailable {}

/** Reports errors, except that a view has no rows yet: whatever is due is found once it is built. */
export const onceBuilt =
  (failed: (error: unknown) => void) =>
  (error: unknown): void => {
    if (!(error instanceof ViewNotBuilt)) failed(error);
  };

/**
 * Queries views' tables.
 * @throws ViewNotBuilt; StoreUnavailable while the database is unreachable
 */
export async function queryView(pool: Pick<pg.Pool, 'query'>, query: pg.QueryConfig): Promise<pg.QueryResult> {
  try {
    return await pool.query(query);
  } catch (error) {
    if (isTransientDatabaseError(error)) throw new StoreUnavailable('the database is unreachable', { cause: error });
    if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    throw new ViewNotBuilt('the view for this query is not built yet: retry in a moment', { cause: error });
  }
}
