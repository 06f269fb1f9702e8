import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { pause } from '../../kernel/wait.js';
import { explainFailure, StartFailure } from '../start-failure.js';
import { type PostgresServer, type ServerOptions, startServer, stopServer } from './postgres-server.js';

const DATABASE = 'gatehouse';
/** Any constant; held for as long as a process uses the directory. */
const IN_USE_LOCK = 7_242_001;
const IN_USE = 'data-in-use';
const LOCK_TRIES = 8;
const RETRY_MS = 250;

export interface EmbeddedPostgres {
  connection: pg.PoolConfig;
  /** Call it after every pool has ended: it ends what connections remain. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions extends ServerOptions {
  /** Told, in a line each, of a server that ended by itself and of its restart. */
  onOutage?(line: string): void;
}

/**
 * An own PostgreSQL in a directory, started here and stopped by `stop()`; where it dies in between it is started again on
 * the same port. No signal is handled here: whoever runs the process decides the order of a shutdown.
 * @throws StartFailure
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { directory, onOutage: onTrouble = () => {} } = options;
  const stopping = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal;
  let server = await startServer(options);
  let isOurs = server.launched;
  // Any exit but a kill -9 takes the server along; after that one the next start takes it over.
  const stopWithProcess = () => {
    try {
      if (isOurs) process.kill(server.pid, 'SIGINT');
    } catch {
      // it is gone already
    }
  };
  process.once('exit', stopWithProcess);
  let keeper: pg.Client;
  try {
    keeper = await keep(server);
    isOurs = true;
  } catch (error) {
    process.off('exit', stopWithProcess);
    // One that took it over in the meantime goes on with it.
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
    onTrouble('the embedded PostgreSQL ended by itself; starting it again');
    for (let told = ''; !signal.aborted; ) {
      try {
        server = await startServer({ ...options, port, signal });
        keeper = await keep(server);
        watch();
        onTrouble('the embedded PostgreSQL is back');
        return;
      } catch (error) {
        if (signal.aborted) return;
        const { message } = error as Error;
        if (message !== told) onTrouble(message);
        told = message;
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

/** A connection that marks the directory as in use and notices when the server goes; makes the database at first. */
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
    for (let tries = 1; ; tries++) {
      const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS ours', [IN_USE_LOCK]);
      if (rows[0].ours) break;
      if (tries === LOCK_TRIES) {
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
