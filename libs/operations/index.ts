import { Catalogue } from '../context/catalogue.js';
import type { Context } from '../context/context.js';
import type { Clock } from '../kernel/clock.js';
import type { Ids } from '../kernel/ids.js';
import type { Pool } from '../platform/database/database.js';
import { CLOCK, IDS, POOL } from '../platform/ports.js';
import { Rebuilder } from '../projections/rebuilder.js';
import { ViewReader } from '../projections/view-reader.js';
import { ViewAdministration } from './features/view-administration.js';
import { ViewsController } from './features/views.controller.js';
import { StatusController } from './queries/show-status.js';

export { logConsumers } from './queries/log-consumers.js';

export const operationsContext: Context = {
  name: 'operations',
  routes: [
    {
      name: 'Views',
      description: 'The read models: derived from the log, thrown away and rebuilt at will.',
      controllers: [ViewsController],
    },
    {
      name: 'Operation',
      description: 'Credentials, health, metrics and these documents.',
      controllers: [StatusController],
    },
  ],
  services: [
    {
      provide: ViewAdministration,
      inject: [POOL, Catalogue, Rebuilder, ViewReader, CLOCK, IDS],
      useFactory: (
        pool: Pool,
        { views }: Catalogue,
        rebuilder: Rebuilder,
        reader: ViewReader,
        clock: Clock,
        ids: Ids,
      ) => new ViewAdministration(pool, views, rebuilder, reader, clock, ids),
    },
  ],
};
