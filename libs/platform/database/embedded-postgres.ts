import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { pause } from '../../kernel/wait.js';
import { explainFailure, StartFailure } from '../start-failure.js';
import { type PostgresServer, type ServerOptions, startServer, stopServer } from './postgres-server.js';

const DATABASE = 'gatehouse';
/** An arbitrary advisory lock key; held as long as a process uses the directory. */
const IN_USE_LOCK = 7_242_001;
const IN_USE = 'data-in-use';
const LOCK_ATTEMPTS = 8;
const RETRY_MS = 250;

export interface EmbeddedPostgres {
  connection: pg.PoolConfig;
  /** Call it after every pool has ended: it ends the remaining connections. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions extends ServerOptions {
  /** Called with one line when the server ends by itself, and when it is back. */
  onOutage?(line: string): void;
}

/**
 * Runs a PostgreSQL server in a directory until `stop()`, and restarts it on the same port if it dies. Handles no signals:
 * the caller decides the order of a shutdown.
 * @throws StartFailure
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { directory, onOutage = () => {} } = options;
  const stopping = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal;
  let server = await startServer(options);
  let isOurs = server.launched;
  // Every exit except kill -9 stops the server; after a kill -9 the next start takes it over.
  const stopWithProcess = () => {
    try {
      if (isOurs) process.kill(server.pid, 'SIGINT');
    } catch {
      // it has ended already
    }
  };
  process.once('exit', stopWithProcess);
  let keeper: pg.Client;
  try {
    keeper = await keep(server);
    isOurs = true;
  } catch (error) {
    process.off('exit', stopWithProcess);
    // Another process that took the server over meanwhile keeps using it.
    if (isOurs && (error as { code?: string }).code !== IN_USE) await stopServer(server.pid, directory);
    throw explainFailure(directory, error);
  }
  const { port } = server.connection;
  let recovering = Promise.resolve();

  const watch = () =>
    keeper.once('end', () => {
      recovering = recover();
    });
  const recover = async () => {
    if (signal.aborted) return;
    onOutage('the embedded PostgreSQL ended by itself; starting it again');
    for (let reported = ''; !signal.aborted; ) {
      try {
        server = await startServer({ ...options, port, signal });
        keeper = await keep(server);
        watch();
        onOutage('the embedded PostgreSQL is back');
        return;
      } catch (error) {
        if (signal.aborted) return;
        const { message } = error as Error;
        if (message !== reported) onOutage(message);
        reported = message;
        await pause(4 * RETRY_MS, signal);
      }
    }
  };
  watch();

  return {
    connection: { ...server.connection, database: DATABASE },
    async stop() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      process.off('exit', stopWithProcess);
      await recovering;
      await keeper.end().catch(() => {});
      await stopServer(server.pid, directory);
    },
  };
}

/** Opens a connection that marks the directory as in use and notices when the server ends. Creates the database if needed. */
async function keep(server: PostgresServer): Promise<pg.Client> {
  const client = new pg.Client({
    ...server.connection,
    database: 'postgres',
    application_name: 'gatehouse-keeper',
    keepAlive: true,
  });
  client.on('error', () => {}); // 'end' follows
  try {
    await client.connect();
    for (let attempt = 1; ; attempt++) {
      const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS ours', [IN_USE_LOCK]);
      if (rows[0].ours) break;
      if (attempt === LOCK_ATTEMPTS) {
        throw new StartFailure(
          IN_USE,
          'another Gatehouse process uses this data directory: stop it first, or set GATEHOUSE_DATA to another directory',
        );
      }
      await sleep(RETRY_MS); // the connection of a killed process ends a moment later
    }
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    if ((error as { code?: string }).code === '28P01') {
      throw new StartFailure(
        'postgres-password-wrong',
        'the PostgreSQL of this data directory rejects the password in its file: restore the file `password` beside `cluster` from a backup',
        { cause: error },
      );
    }
    throw error;
  }
}
