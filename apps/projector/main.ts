import { composeBackground } from '../background.js';
import { runRole } from '../process-life.js';
import { startRole } from '../role.js';
import { projectorOf } from '../workers.js';

runRole('projector', (options) =>
  startRole(options, (runtime) => composeBackground(runtime, (metrics) => [projectorOf(runtime, metrics)])),
);
