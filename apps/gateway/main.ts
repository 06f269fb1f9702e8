import { hasNoToken, newAdministratorToken } from '../composition/administrator-token.js';
import { runProcess, sharedDatabase } from '../composition/process-life.js';
import { type Role, startRole } from '../composition/role.js';
import { version } from '../composition/version.js';
import { composeGateway } from './gateway.js';

const NO_TOKEN =
  '  there is no token yet: start one gateway with GATEHOUSE_NEW_ADMINISTRATOR_TOKEN=on, which prints one';

runProcess({
  database: (settings) => sharedDatabase(settings, 'gateway'),
  start: (options) => startRole(options, (runtime) => composeGateway(runtime)),
  async announce({ url, app, runtime }: Role) {
    const lines = [`Gatehouse ${version}: gateway is ready at ${url}`];
    // The logs of a cluster must contain no secret unless an operator asked for it.
    if (runtime.settings.newAdministratorToken) lines.push(await newAdministratorToken(app));
    else if (await hasNoToken(app)) lines.push(NO_TOKEN);
    return lines;
  },
});
