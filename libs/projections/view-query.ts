import type pg from 'pg';
import { earlierMoment } from '../kernel/earlier-moment.js';
import { StoreUnavailable } from '../kernel/errors.js';
import { isTransientDatabaseError } from '../kernel/transient.js';
import { replayRunning } from './replay-running.js';

const UNDEFINED_TABLE = '42P01';

/** A view has no tables before its first build. */
export class ViewNotBuilt extends StoreUnavailable {}

/** Reports errors, except that a view has no rows yet: whatever is due is found once it is built. */
export const onceBuilt =
  (failed: (error: unknown) => void) =>
  (error: unknown): void => {
    if (!(error instanceof ViewNotBuilt)) failed(error);
  };

/** The schemas of live views, as their queries name them. */
const LIVE_SCHEMA = /\bview_[a-z0-9_]+_v[0-9]+(?=\.)/g;

/**
 * The same query of other tables of the views.
 * @param schemas where the tables are, by the schemas of the live ones
 */
export function inSchemas({ name: _, ...query }: pg.QueryConfig, schemas: ReadonlyMap<string, string>): pg.QueryConfig {
  // Without the name: a prepared statement of it reads the live tables.
  const text = query.text.replaceAll(LIVE_SCHEMA, (live) => {
    const schema = schemas.get(live);
    if (schema === undefined)
      throw new Error(`the query reads ${live}, which was not replayed for it: declare the view`);
    return schema;
  });
  return { ...query, text };
}

/**
 * Queries views' tables; for work as of an earlier moment, those with the rows that the views had then.
 * @throws ViewNotBuilt; StoreUnavailable while the database is unreachable
 */
export async function queryView(pool: Pick<pg.Pool, 'query'>, query: pg.QueryConfig): Promise<pg.QueryResult> {
  try {
    const moment = earlierMoment();
    return await pool.query(moment ? inSchemas(query, moment.views) : query);
  } catch (error) {
    if (isTransientDatabaseError(error)) throw new StoreUnavailable('the database is unreachable', { cause: error });
    if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    // They were dropped since they were looked up.
    if (earlierMoment()) throw replayRunning('the rows of that moment were dropped: they are being made again');
    throw new ViewNotBuilt('the view for this query is not built yet: retry in a moment', { cause: error });
  }
}
