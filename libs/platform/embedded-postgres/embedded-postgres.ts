import { join, resolve } from 'node:path';
import type pg from 'pg';
import { pause } from '../../kernel/wait.js';
import { type Connection, connectClient, openClient } from '../database/connection.js';
import { explainFailure, StartFailure } from '../start-failure.js';
import { setUpBackend } from './backend-role.js';
import { lockDirectory } from './directory-lock.js';
import { openDirectory, type PostgresServer, type ServerOptions, startServer, stopServer } from './postgres-server.js';

const DATABASE = 'gatehouse';
const RETRY_MS = 1_000;
/** SQLSTATE invalid_password. */
const WRONG_PASSWORD = '28P01';

export interface EmbeddedPostgres {
  /** Of a role that is no superuser. */
  connection: Connection;
  /** As the superuser, without a database. For tests. */
  superuser: Connection;
  /** Call it after every pool has ended: it ends the remaining connections. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions extends ServerOptions {
  /** Called with one line when the server ends by itself, and when it is back. */
  onOutage?(line: string): void;
  /** Called with one line if another process has taken the directory over: this one must end. */
  onLost?(line: string): void;
}

/**
 * Runs a PostgreSQL server in a directory until `stop()`, and restarts it if it dies. Holds a lock on the directory from
 * before it creates anything until the server has ended. Handles no signals: the caller decides the order of a shutdown.
 * @throws StartFailure
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  const { onOutage = () => {}, onLost = () => {} } = options;
  const stopping = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal;
  let server: PostgresServer | undefined;
  const { lock, user } = await openLocked(directory, () => {
    stopping.abort();
    server?.process.signal('SIGKILL');
    onLost(`another process has taken ${directory} over, since this one showed no sign of life: stopping`);
  });
  try {
    server = await startServer({ ...options, signal }, user);
  } catch (error) {
    await lock.release();
    throw error;
  }
  lock.serverIs(server.process.pid);
  // Every exit except kill -9 stops the server; after a kill -9 the next start takes it over.
  const stopWithProcess = () => server!.process.signal('SIGINT');
  process.once('exit', stopWithProcess);
  const { superuser } = server;
  let connection: Connection;
  let keeper: pg.Client;
  try {
    connection = await setUpBackend(superuser, DATABASE);
    keeper = await keep(connection);
  } catch (error) {
    process.off('exit', stopWithProcess);
    await stopServer(server.process, directory);
    await lock.release();
    throw explain(directory, error);
  }
  let recovering = Promise.resolve();

  const watch = () =>
    keeper.once('end', () => {
      recovering = recover();
    });
  const recover = async () => {
    if (signal.aborted) return;
    lock.serverIs(0);
    onOutage('the embedded PostgreSQL ended by itself; starting it again');
    for (let reported = ''; !signal.aborted; ) {
      try {
        server = await startServer({ ...options, signal }, user);
        lock.serverIs(server.process.pid);
        keeper = await keep(connection);
        watch();
        onOutage('the embedded PostgreSQL is back');
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!server!.process.isRunning()) lock.serverIs(0);
        const { message } = error as Error;
        if (message !== reported) onOutage(message);
        reported = message;
        await pause(RETRY_MS, signal);
      }
    }
  };
  watch();

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    stopping.abort();
    process.off('exit', stopWithProcess);
    await recovering;
    await keeper.end().catch(() => {});
    await stopServer(server!.process, directory);
    await lock.release();
  };
  return {
    connection,
    superuser,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function openLocked(directory: string, lost: () => void) {
  try {
    const user = await openDirectory(directory);
    return { user, lock: await lockDirectory(directory, lost) };
  } catch (error) {
    throw explainFailure(directory, error);
  }
}

/** Opens a connection that notices when the server ends. */
function keep(connection: Connection): Promise<pg.Client> {
  const client = openClient(connection, { application_name: 'gatehouse-keeper', keepAlive: true });
  client.on('error', () => {}); // 'end' follows
  return connectClient(client);
}

function explain(directory: string, error: unknown): StartFailure {
  if ((error as { code?: string }).code !== WRONG_PASSWORD) return explainFailure(directory, error);
  return new StartFailure(
    'postgres-password-wrong',
    `the PostgreSQL of this data directory rejects the password in its file: restore ${join(directory, 'password')} from a backup`,
    { cause: error },
  );
}
