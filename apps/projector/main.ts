import { composeBackground } from '../composition/background.js';
import { runRole } from '../composition/process-life.js';
import { startRole } from '../composition/role.js';
import { leafLogOf, projectorOf, subjectIndexOf } from '../composition/workers.js';

runRole('projector', (options) =>
  startRole(options, (runtime) =>
    composeBackground(runtime, 'projector', async (metrics) => [
      projectorOf(runtime, metrics),
      await leafLogOf(runtime, metrics),
      subjectIndexOf(runtime, metrics),
    ]),
  ),
);
