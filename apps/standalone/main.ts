import 'reflect-metadata';
import { join, resolve } from 'node:path';
import { readSettings, type Settings } from '../../libs/platform/configuration/settings.js';
import { startEmbeddedPostgres } from '../../libs/platform/database/embedded-postgres.js';
import { StartFailure } from '../../libs/platform/database/start-failure.js';
import { createLogger } from '../../libs/platform/logging/logger.js';
import { TokenRegistry } from '../../libs/platform/security/token-registry.js';
import { version } from '../version.js';
import { type Standalone, startStandalone } from './standalone.js';

/** A supervisor usually waits ten seconds before it kills. */
const LONGEST_STOP_MS = 9_500;

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const logger = createLogger(settings);
  const database = settings.databaseUrl
    ? { connection: { connectionString: settings.databaseUrl }, stop: async () => {} }
    : await startEmbeddedPostgres({
        directory: join(resolve(settings.data), 'postgres'),
        port: settings.postgresPort,
        onTrouble: (line) => logger.warn(line),
      });
  let standalone: Standalone;
  try {
    standalone = await startStandalone({ settings, connection: database.connection, logger });
  } catch (error) {
    await database.stop();
    throw error;
  }
  stopOnSignals(async () => {
    await standalone.close();
    await database.stop();
  });
  await announce(standalone, settings);
}

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

async function announce({ url, app }: Standalone, settings: Settings): Promise<void> {
  const tokens = app.get(TokenRegistry);
  const lines = [
    `Gatehouse ${version} is ready at ${url}`,
    `  API documentation  ${url}/docs`,
    `  data               ${storedIn(settings)}`,
  ];
  if (settings.newAdministratorToken || (await tokens.list()).length === 0) {
    const { secret } = await tokens.create({ name: 'administrator', roles: ['administrator'], createdBy: 'gatehouse' });
    lines.push('', `  administrator token (shown this once, stored hashed):  ${secret}`);
  }
  lines.push('', 'Press Ctrl-C to stop.');
  console.log(lines.join('\n'));
}

const storedIn = ({ databaseUrl, data }: Settings): string =>
  databaseUrl ? 'in the PostgreSQL of GATEHOUSE_DATABASE_URL' : resolve(data);

main().catch((error) => {
  if (error instanceof StartFailure) console.error(error.message.replace(/^/gm, 'gatehouse: '));
  else console.error(error);
  process.exit(1);
});
