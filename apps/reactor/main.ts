import { composeBackground } from '../composition/background.js';
import { runRole } from '../composition/process-life.js';
import { startRole } from '../composition/role.js';
import { reactorsOf, schedulesOf } from '../composition/workers.js';

runRole('reactor', (options) =>
  startRole(options, (runtime) =>
    composeBackground(runtime, 'reactor', (metrics) => [
      ...reactorsOf(runtime, metrics),
      ...(runtime.settings.scheduler ? schedulesOf(runtime) : []),
    ]),
  ),
);
