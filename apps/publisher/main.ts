import { composeBackground } from '../composition/background.js';
import { runRole } from '../composition/process-life.js';
import { startRole } from '../composition/role.js';
import { publisherOf } from '../composition/workers.js';

runRole('publisher', (options) =>
  startRole(options, (runtime) =>
    composeBackground(runtime, 'publisher', (metrics) => [publisherOf(runtime, metrics)]),
  ),
);
