import 'reflect-metadata';
import { isTransientDatabaseError } from '../../libs/kernel/transient.js';
import { readSettings, type Settings } from '../../libs/platform/configuration/settings.js';
import type { Connection } from '../../libs/platform/database/database.js';
import { embeddedDirectory } from '../../libs/platform/embedded-postgres/embedded-directory.js';
import { startEmbeddedPostgres } from '../../libs/platform/embedded-postgres/embedded-postgres.js';
import { createLogger, type Logger } from '../../libs/platform/logging/logger.js';
import { limitHeapGrowth } from '../../libs/platform/process/heap-growth.js';
import { onStopSignals } from '../../libs/platform/process/stop-signals.js';
import { explainFailure, StartFailure } from '../../libs/platform/start-failure.js';
import type { Role } from './role.js';
import type { RuntimeOptions } from './runtime.js';
import { version } from './version.js';

/** A supervisor usually waits ten seconds before it kills. */
const LONGEST_STOP_MS = 9_500;
/** SQLSTATE disk_full. */
const DISK_FULL = '53100';

interface OpenedDatabase {
  connection: Connection;
  /** Turns a start failure of the database into one that names the remedy. */
  explain(error: unknown): unknown;
  stop(): Promise<void>;
}

export interface ProcessPlan {
  /**
   * @param signal aborts a start, which then leaves nothing running
   * @param lost ends the process with one line if it may no longer use its database
   */
  database(
    settings: Settings,
    logger: Logger,
    signal: AbortSignal,
    lost: (line: string) => void,
  ): OpenedDatabase | Promise<OpenedDatabase>;
  start(options: RuntimeOptions): Promise<Role>;
  /** The lines that the terminal shows once the process is ready. */
  announce(role: Role): Promise<string[]>;
}

/** Runs a process until a stop signal. Prints an expected start failure in one line. */
export function runProcess({ database: openDatabase, start, announce }: ProcessPlan): void {
  limitHeapGrowth();
  const stopped = new AbortController();
  const main = async () => {
    const settings = readSettings(process.env);
    const logger = createLogger(settings);
    const endWith = (line: string) => {
      console.error(`gatehouse: ${line}`);
      setTimeout(() => process.exit(1), LONGEST_STOP_MS);
      void stop().finally(() => process.exit(1));
    };
    const opening = (async () => openDatabase(settings, logger, stopped.signal, endWith))();
    // Aborting a start is as safe as a crash, but an embedded database server must not be left running.
    let stop = async () => (await opening.catch(() => undefined))?.stop();
    stopOnSignals(() => {
      stopped.abort();
      return stop();
    });
    const database = await opening;
    try {
      const mismatch = ({ message }: Error) => endWith(message);
      const role = await start({ settings, connection: database.connection, logger, mismatch });
      if (stopped.signal.aborted) return;
      stop = async () => {
        await role.close();
        await database.stop();
      };
      console.log((await announce(role)).join('\n'));
    } catch (error) {
      if (stopped.signal.aborted) return;
      await stop().catch(() => {}); // the first error is the one to report
      throw database.explain(error);
    }
  };
  main().catch((error) => {
    if (stopped.signal.aborted) return;
    if (error instanceof StartFailure) console.error(error.message.replace(/^/gm, 'gatehouse: '));
    else console.error(error);
    process.exit(1);
  });
}

/** Runs one role of several processes that share one database. */
export const runRole = (name: string, start: ProcessPlan['start']): void =>
  runProcess({
    database: (settings) => sharedDatabase(settings, name),
    start,
    announce: async ({ url }) => [`Gatehouse ${version}: ${name} is ready at ${url}`],
  });

/** @throws StartFailure `database-missing` */
export function sharedDatabase({ databaseUrl }: Settings, name: string): OpenedDatabase {
  if (!databaseUrl) {
    throw new StartFailure(
      'database-missing',
      `GATEHOUSE_DATABASE_URL is not set, but ${name} shares its database with the other roles: set it, or run all roles in one process with "npm start"`,
    );
  }
  return {
    connection: { connectionString: databaseUrl },
    explain: (error) =>
      isTransientDatabaseError(error) && !(error instanceof StartFailure) ? databaseAway(error as Error) : error,
    stop: async () => {},
  };
}

/** The supervisor restarts the process until the database is available. */
function databaseAway({ message, code }: Error & { code?: string }): StartFailure {
  return code === DISK_FULL
    ? new StartFailure(
        'disk-full',
        `no space is left on the disk of the database of GATEHOUSE_DATABASE_URL (${message}): free some space`,
      )
    : new StartFailure(
        'database-away',
        `the database of GATEHOUSE_DATABASE_URL can't be reached (${message}): start it, or correct GATEHOUSE_DATABASE_URL`,
      );
}

/** A database in a directory of the settings, for this process alone. */
export async function ownDatabase(
  settings: Settings,
  logger: Logger,
  signal: AbortSignal,
  onLost: (line: string) => void,
): Promise<OpenedDatabase> {
  const directory = await embeddedDirectory(settings);
  const { connection, stop } = await startEmbeddedPostgres({
    directory,
    onOutage: (line) => logger.warn(line),
    onRepair: (line) => logger.warn(line),
    onLost,
    signal,
  });
  const explain = (error: unknown) => (isTransientDatabaseError(error) ? explainFailure(directory, error) : error);
  return { connection, explain, stop };
}

/** Stops in order, within the time that a supervisor allows. */
function stopOnSignals(stop: () => Promise<void>): void {
  // Writing to a closed terminal fails, but the process should still stop in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  onStopSignals(
    () => {
      console.log('\nStopping: finishing accepted work …');
      const timer = setTimeout(() => {
        console.error(
          `gatehouse: work is unfinished after ${LONGEST_STOP_MS} ms, stopping anyway; no acknowledged event is lost`,
        );
        process.exit(1);
      }, LONGEST_STOP_MS);
      stop().then(
        () => {
          clearTimeout(timer);
          console.log('Stopped.');
          process.exit(0);
        },
        (error) => {
          console.error(`gatehouse: ${error.message}`);
          process.exit(1);
        },
      );
    },
    () => process.exit(1),
  );
}
