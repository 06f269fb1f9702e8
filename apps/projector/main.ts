import { composeBackground } from '../composition/background.js';
import { runRole } from '../composition/process-life.js';
import { startRole } from '../composition/role.js';
import { projectorOf } from '../composition/workers.js';

runRole('projector', (options) =>
  startRole(options, (runtime) =>
    composeBackground(runtime, 'projector', (metrics) => [projectorOf(runtime, metrics)]),
  ),
);
