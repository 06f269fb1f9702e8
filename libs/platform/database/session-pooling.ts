import type pg from 'pg';
import { StartFailure } from '../start-failure.js';
import type { Pool } from './connection.js';

/** A pooler that hands the connections of the server around shows that in the first round or two. */
const ROUNDS = 8;

/**
 * Locks, notifications and parameters belong to sessions, so a pooler must not give each transaction another one.
 * @throws StartFailure
 */
export async function refuseSharedSessions(pool: Pool): Promise<void> {
  const one = await pool.connect();
  const other = await pool.connect();
  try {
    if (!(await areShared(one, other))) return;
  } finally {
    one.release();
    other.release();
  }
  throw new StartFailure(
    'database-pooled',
    'a connection pooler gives each transaction another session of the database, and would lose the locks of Gatehouse: set it to session mode (PgBouncer: pool_mode = session), or name PostgreSQL itself in GATEHOUSE_DATABASE_URL',
  );
}

async function areShared(one: pg.PoolClient, other: pg.PoolClient): Promise<boolean> {
  // Without a pooler the server itself has named its process when the session began.
  if ((await processOf(one)) === (one as { processID?: number }).processID) return false;
  const [ofOne, ofOther] = [new Set<number>(), new Set<number>()];
  for (let round = 0; round < ROUNDS; round++) {
    ofOne.add(await processOf(one));
    ofOther.add(await processOf(other));
  }
  return ofOne.size > 1 || ofOther.size > 1 || [...ofOne].some((pid) => ofOther.has(pid));
}

const processOf = async (client: pg.PoolClient): Promise<number> =>
  (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
