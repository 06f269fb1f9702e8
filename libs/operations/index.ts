import { AuditTrail } from '../audit/index.js';
import { Catalogue } from '../context/catalogue.js';
import type { Context } from '../context/context.js';
import { LogEpoch } from '../event-store/log-epoch.js';
import type { Clock } from '../kernel/clock.js';
import type { Ids } from '../kernel/ids.js';
import type { Settings } from '../platform/configuration/settings.js';
import type { Pool } from '../platform/database/database.js';
import { CLOCK, IDS, POOL, SETTINGS } from '../platform/ports.js';
import { EarlierViews } from '../projections/earlier-views.js';
import { EarlierViewsDropping } from '../projections/earlier-views-dropping.js';
import { KeptReplays } from '../projections/kept-replays.js';
import { Rebuilder } from '../projections/rebuilder.js';
import { ViewReplays } from '../projections/replays.js';
import { ReplayViewsController } from './features/replay-views.js';
import { StartViewJobController } from './features/start-view-job.js';
import { ViewJobs } from './jobs/view-jobs.js';
import { ListReplaysController } from './queries/list-replays.js';
import { ListViewsController } from './queries/list-views.js';
import { ShowSettingsController } from './queries/show-settings.js';
import { ShowStatusController } from './queries/show-status.js';
import { ShowViewJobController } from './queries/show-view-job.js';
import { CreateEarlierViews1700000000275, CreateKeptReplays1700000000245 } from './schema.js';

export { logConsumers } from './queries/log-consumers.js';
export type { StatusAnswer } from './queries/show-status.js';

export const operationsContext: Context = {
  name: 'operations',
  routes: [
    {
      name: 'Views',
      description: 'The read models. They are derived from the log and can be rebuilt at any time.',
      controllers: [
        ListViewsController,
        StartViewJobController,
        ShowViewJobController,
        ReplayViewsController,
        ListReplaysController,
      ],
    },
    {
      name: 'Operation',
      description: 'Credentials, health, metrics and these documents.',
      controllers: [ShowStatusController, ShowSettingsController],
    },
  ],
  services: [
    {
      provide: KeptReplays,
      inject: [POOL, LogEpoch],
      useFactory: (pool: Pool, epoch: LogEpoch) => new KeptReplays(pool, epoch),
    },
    {
      provide: EarlierViews,
      inject: [POOL, Rebuilder, KeptReplays, LogEpoch, SETTINGS],
      useFactory: (pool: Pool, rebuilder: Rebuilder, kept: KeptReplays, epoch: LogEpoch, settings: Settings) =>
        new EarlierViews(pool, rebuilder, kept, epoch, settings.decisionWaitMs),
    },
    {
      provide: ViewReplays,
      inject: [POOL, Rebuilder, KeptReplays],
      useFactory: (pool: Pool, rebuilder: Rebuilder, kept: KeptReplays) => new ViewReplays(pool, rebuilder, kept),
    },
    {
      provide: ViewJobs,
      inject: [Catalogue, Rebuilder, ViewReplays, AuditTrail, CLOCK, IDS],
      useFactory: (
        { views }: Catalogue,
        rebuilder: Rebuilder,
        replays: ViewReplays,
        audit: AuditTrail,
        clock: Clock,
        ids: Ids,
      ) => new ViewJobs(views, rebuilder, replays, audit, clock, ids),
    },
  ],
  migrations: [CreateKeptReplays1700000000245, CreateEarlierViews1700000000275],
  schedules: ({ pool, logger }) => [new EarlierViewsDropping(pool, logger)],
};
