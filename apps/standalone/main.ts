import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '../../libs/platform/database/embedded-postgres.js';
import { hasNoToken, newAdministratorToken } from '../administrator-token.js';
import { runProcess, sharedDatabase } from '../process-life.js';
import type { Role } from '../role.js';
import { version } from '../version.js';
import { startStandalone } from './standalone.js';

runProcess({
  database: (settings, logger) =>
    settings.databaseUrl
      ? sharedDatabase(settings, 'standalone')
      : startEmbeddedPostgres({
          directory: join(resolve(settings.data), 'postgres'),
          port: settings.postgresPort,
          onTrouble: (line) => logger.warn(line),
        }),
  start: startStandalone,
  async announce({ url, app, runtime: { settings } }: Role) {
    const stored = settings.databaseUrl ? 'in the PostgreSQL of GATEHOUSE_DATABASE_URL' : resolve(settings.data);
    const lines = [
      `Gatehouse ${version} is ready at ${url}`,
      `  API documentation  ${url}/docs`,
      `  data               ${stored}`,
    ];
    if (settings.newAdministratorToken || (await hasNoToken(app))) lines.push('', await newAdministratorToken(app));
    return [...lines, '', 'Press Ctrl-C to stop.'];
  },
});
