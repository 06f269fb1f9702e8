import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { catalogue } from '../../dist/apps/composition/catalogue.js';
import { createDataSource, migrate } from '../../dist/libs/platform/database/data-source.js';
import { startEmbeddedPostgres } from '../../dist/libs/platform/database/embedded-postgres.js';

/**
 * One embedded PostgreSQL for every contender, with the settings that users get: fsync and synchronous_commit are on.
 * Each contender has a database of its own in it.
 */
export async function startBenchServer() {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  // Not sooner: the server's own end is still noticed, and its log read, after it was stopped.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  const server = await startEmbeddedPostgres({ directory, port: 0, onTrouble: (line) => console.error(line) });
  const administer = (statement) =>
    onConnection({ ...server.connection, database: 'postgres' }, (c) => c.query(statement));

  /** @returns a connection as node-postgres takes it, and what drops the database */
  async function createDatabase(name) {
    await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await administer(`CREATE DATABASE ${name}`);
    return {
      connection: { ...server.connection, database: name },
      drop: () => administer(`DROP DATABASE ${name} WITH (FORCE)`),
    };
  }

  async function createGatehouseDatabase(name) {
    const database = await createDatabase(name);
    const dataSource = createDataSource(database.connection, {
      applicationName: 'gatehouse-bench',
      migrations: catalogue.migrations,
    });
    await dataSource.initialize();
    await migrate(dataSource);
    await dataSource.destroy();
    return database;
  }

  return {
    createDatabase,
    createGatehouseDatabase,
    stop: () => server.stop(),
  };
}

export async function onConnection(connection, work) {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A rate means nothing where rows are missing. */
export async function expectRows(connection, table, expected) {
  const { rows } = await onConnection(connection, (client) => client.query(`SELECT count(*)::int AS n FROM ${table}`));
  if (rows[0].n !== expected) throw new Error(`${table} holds ${rows[0].n} rows where ${expected} were written`);
}
