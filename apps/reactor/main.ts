import { composeBackground } from '../background.js';
import { runRole } from '../process-life.js';
import { startRole } from '../role.js';
import { reactorsOf, schedulerOf } from '../workers.js';

runRole('reactor', (options) =>
  startRole(options, (runtime) =>
    composeBackground(runtime, (metrics) => [
      ...reactorsOf(runtime, metrics),
      ...(runtime.settings.scheduler ? [schedulerOf(runtime)] : []),
    ]),
  ),
);
