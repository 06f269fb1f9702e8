import pg from 'pg';
import type { TestDatabase } from './test-database.js';

export interface KeptWriteAheadLog {
  superuser: pg.Client;
  /** Where the log ends. */
  position(): Promise<string>;
  /** Page images and changes of every block from a position on. In the files, the header of a page may cut what is searched for. */
  blocksFrom(position: string): Promise<Buffer[]>;
  release(): Promise<void>;
}

/**
 * Keeps the segments of a test server's write-ahead log until they are searched: a checkpoint, for which any other spec may
 * ask, removes them otherwise.
 * @param slot a name of its own for each spec that does so
 */
export async function keepWriteAheadLog(database: TestDatabase, slot: string): Promise<KeptWriteAheadLog> {
  const superuser = new pg.Client(database.superuser);
  await superuser.connect();
  await superuser.query('CREATE EXTENSION IF NOT EXISTS pg_walinspect');
  await superuser.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
  return {
    superuser,
    position: async () => (await superuser.query('SELECT pg_current_wal_insert_lsn() AS lsn')).rows[0].lsn,
    async blocksFrom(position) {
      const { rows } = await superuser.query(
        'SELECT block_data, block_fpi_data FROM pg_get_wal_block_info($1, pg_current_wal_flush_lsn())',
        [position],
      );
      return rows.flatMap((row) => [row.block_data, row.block_fpi_data].filter((bytes) => bytes !== null));
    },
    async release() {
      await superuser.query('SELECT pg_drop_replication_slot($1)', [slot]);
      await superuser.end();
    },
  };
}
