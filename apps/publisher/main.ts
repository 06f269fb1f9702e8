import { composeBackground } from '../background.js';
import { runRole } from '../process-life.js';
import { startRole } from '../role.js';
import { publisherOf } from '../workers.js';

runRole('publisher', (options) =>
  startRole(options, (runtime) => composeBackground(runtime, (metrics) => [publisherOf(runtime, metrics)])),
);
