import { AuditTrail } from '../audit/index.js';
import { Catalogue } from '../context/catalogue.js';
import type { Context } from '../context/context.js';
import type { Clock } from '../kernel/clock.js';
import type { Ids } from '../kernel/ids.js';
import type { Pool } from '../platform/database/database.js';
import { CLOCK, IDS, POOL } from '../platform/ports.js';
import { Rebuilder } from '../projections/rebuilder.js';
import { ViewReplays } from '../projections/replays.js';
import { ReplayViewsController } from './features/replay-views.js';
import { StartViewJobController } from './features/start-view-job.js';
import { ViewJobs } from './jobs/view-jobs.js';
import { ListViewsController } from './queries/list-views.js';
import { ShowSettingsController } from './queries/show-settings.js';
import { ShowStatusController } from './queries/show-status.js';
import { ShowViewJobController } from './queries/show-view-job.js';

export { logConsumers } from './queries/log-consumers.js';
export type { StatusAnswer } from './queries/show-status.js';

export const operationsContext: Context = {
  name: 'operations',
  routes: [
    {
      name: 'Views',
      description: 'The read models. They are derived from the log and can be rebuilt at any time.',
      controllers: [ListViewsController, StartViewJobController, ShowViewJobController, ReplayViewsController],
    },
    {
      name: 'Operation',
      description: 'Credentials, health, metrics and these documents.',
      controllers: [ShowStatusController, ShowSettingsController],
    },
  ],
  services: [
    {
      provide: ViewJobs,
      inject: [Catalogue, Rebuilder, CLOCK, IDS, AuditTrail, POOL],
      useFactory: ({ views }: Catalogue, rebuilder: Rebuilder, clock: Clock, ids: Ids, audit: AuditTrail, pool: Pool) =>
        new ViewJobs(views, rebuilder, new ViewReplays(pool, rebuilder), audit, clock, ids),
    },
  ],
};
