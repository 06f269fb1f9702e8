import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { catalogue } from '../../dist/apps/composition/catalogue.js';
import { openDatabase } from '../../dist/libs/platform/database/database.js';
import { startEmbeddedPostgres } from '../../dist/libs/platform/embedded-postgres/embedded-postgres.js';

/**
 * One embedded PostgreSQL for every contender, with the settings that users get: fsync and synchronous_commit are on.
 * Each contender has a database of its own in it.
 */
export async function startBenchServer() {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  // Not sooner: the server's exit is noticed and its log is read after it was stopped.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  const server = await startEmbeddedPostgres({ directory, onOutage: (line) => console.error(line) });
  const administer = (statement) =>
    onConnection({ ...server.superuser, database: 'postgres' }, (c) => c.query(statement));

  /** @returns options of a node-postgres connection, and a function that drops the database */
  async function createDatabase(name) {
    await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await administer(`CREATE DATABASE ${name} OWNER ${server.connection.user}`);
    return {
      connection: { ...server.connection, database: name },
      drop: () => administer(`DROP DATABASE ${name} WITH (FORCE)`),
    };
  }

  async function createGatehouseDatabase(name) {
    const database = await createDatabase(name);
    const { dataSource } = await openDatabase(database.connection, { migrations: catalogue.migrations, entities: [] });
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

/** A rate is meaningless if rows are missing. */
export async function expectRows(connection, table, expected) {
  const { rows } = await onConnection(connection, (client) => client.query(`SELECT count(*)::int AS n FROM ${table}`));
  if (rows[0].n !== expected) throw new Error(`${table} has ${rows[0].n} rows, but ${expected} were written`);
}
