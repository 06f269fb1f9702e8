import type pg from 'pg';
import { DataSource } from 'typeorm';
import { createDataSource, type MigrationClass, migrate } from './data-source.js';
import { StartFailure } from './start-failure.js';

export { DataSource };

/** Connections for plain SQL; what views and adapters are given. */
export type Pool = pg.Pool;

/** Where a PostgreSQL is and who we are there, as node-postgres takes it. */
export type Connection = pg.PoolConfig;

export interface Database {
  dataSource: DataSource;
  /** The DataSource's own connections. */
  pool: Pool;
}

const POOL_SIZE = 12;

/** Connects and brings the schema up to the code. @throws StartFailure */
export async function openDatabase(connection: Connection, migrations: readonly MigrationClass[]): Promise<Database> {
  const dataSource = createDataSource(connection, { applicationName: 'gatehouse', migrations, poolSize: POOL_SIZE });
  await dataSource.initialize().catch((cause) => {
    const { message, code } = cause as { message?: string; code?: string };
    throw new StartFailure(
      'database-unusable',
      `the database can't be used (${(message || code || 'no answer').split('\n')[0]}): start it, or correct GATEHOUSE_DATABASE_URL`,
      { cause },
    );
  });
  try {
    await migrate(dataSource);
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
  return { dataSource, pool: (dataSource.driver as unknown as { master: Pool }).master };
}
