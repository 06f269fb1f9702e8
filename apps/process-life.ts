import 'reflect-metadata';
import { readSettings, type Settings } from '../libs/platform/configuration/settings.js';
import { isPassingDatabaseError } from '../libs/platform/database/connection-errors.js';
import type { Connection } from '../libs/platform/database/database.js';
import { StartFailure } from '../libs/platform/database/start-failure.js';
import { createLogger, type Logger } from '../libs/platform/logging/logger.js';
import type { Role } from './role.js';
import type { RuntimeOptions } from './runtime.js';
import { version } from './version.js';

/** A supervisor usually waits ten seconds before it kills. */
const LONGEST_STOP_MS = 9_500;

interface OpenedDatabase {
  connection: Connection;
  stop(): Promise<void>;
}

export interface ProcessPlan {
  database(settings: Settings, logger: Logger): OpenedDatabase | Promise<OpenedDatabase>;
  start(options: RuntimeOptions): Promise<Role>;
  /** What the terminal shows once it is ready. */
  announce(role: Role): Promise<string[]>;
}

/** From the settings to the last signal; what is foreseen to go wrong is told in a line. */
export function runProcess({ database: openDatabase, start, announce }: ProcessPlan): void {
  const main = async () => {
    const settings = readSettings(process.env);
    const logger = createLogger(settings);
    const database = await openDatabase(settings, logger);
    let role: Role;
    try {
      role = await start({ settings, connection: database.connection, logger });
    } catch (error) {
      await database.stop();
      throw settings.databaseUrl && isPassingDatabaseError(error) ? databaseAway(error as Error) : error;
    }
    stopOnSignals(async () => {
      await role.close();
      await database.stop();
    });
    console.log((await announce(role)).join('\n'));
  };
  main().catch((error) => {
    if (error instanceof StartFailure) console.error(error.message.replace(/^/gm, 'gatehouse: '));
    else console.error(error);
    process.exit(1);
  });
}

/** One role of several processes, which meet in one database. */
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
      `GATEHOUSE_DATABASE_URL is not set, and ${name} shares its database with the other roles: set it, or run everything in one process with "npm start"`,
    );
  }
  return { connection: { connectionString: databaseUrl }, stop: async () => {} };
}

/** What supervises the process starts it again, until the database is there. */
const databaseAway = ({ message }: Error) =>
  new StartFailure('database-away', `the database of GATEHOUSE_DATABASE_URL can't be reached (${message}): is it up?`);

/** The first signal stops in order, a second one at once. */
function stopOnSignals(stop: () => Promise<void>): void {
  let stopping = false;
  const onSignal = () => {
    if (stopping) process.exit(1);
    stopping = true;
    console.log('\nStopping: finishing what was taken …');
    const timer = setTimeout(() => {
      console.error(`gatehouse: not done after ${LONGEST_STOP_MS} ms, stopping anyway; nothing acknowledged is lost`);
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
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
