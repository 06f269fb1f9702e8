import { resolve } from 'node:path';
import { hasNoToken, newAdministratorToken } from '../composition/administrator-token.js';
import { ownDatabase, runProcess, sharedDatabase } from '../composition/process-life.js';
import type { Role } from '../composition/role.js';
import { version } from '../composition/version.js';
import { startStandalone } from './standalone.js';

runProcess({
  database: (settings, logger, signal, lost) =>
    settings.databaseUrl ? sharedDatabase(settings, 'standalone') : ownDatabase(settings, logger, signal, lost),
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
