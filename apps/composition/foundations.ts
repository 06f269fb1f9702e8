import type { Context } from '../../libs/context/context.js';
import { CreateFactIndex1700000000030 } from '../../libs/event-store/eventstoredb/schema.js';
import { CreateEventLog1700000000001 } from '../../libs/event-store/postgres/schema.js';
import { EVERYWHERE } from '../../libs/http/http.module.js';
import { DocumentsController } from '../../libs/http/openapi/documents.controller.js';
import { TokensController } from '../../libs/http/tokens.controller.js';
import { IngestController } from '../../libs/ingest/http/ingest.controller.js';
import { QuarantineController } from '../../libs/ingest/http/quarantine.controller.js';
import { CreateQuarantine1700000000020 } from '../../libs/ingest/schema.js';
import { CreateSecurity1700000000002 } from '../../libs/platform/database/schema.js';
import { FeedController } from '../../libs/publish/http/feed.controller.js';
import { LogController } from '../../libs/publish/http/log.controller.js';
import { CreateProjections1700000000010, DropUnreadViews1700000000070 } from '../../libs/subscriptions/schema.js';

/* Routes and migrations of the foundations, described like those of a context. */

/** ingest and publish. */
export const exchangeOfEvents: Context = {
  name: 'events',
  routes: [
    {
      name: 'Events',
      description: 'Receives and publishes events as CloudEvents 1.0. `/asyncapi.json` describes every message.',
      controllers: [IngestController, FeedController, LogController, QuarantineController],
    },
  ],
  migrations: [CreateQuarantine1700000000020],
};

/** event-store, platform, subscriptions and http. */
export const platform: Context = {
  name: 'platform',
  routes: [
    {
      name: 'Operation',
      description: 'Credentials, health, metrics and these documents.',
      controllers: [TokensController, ...EVERYWHERE, DocumentsController],
    },
  ],
  migrations: [
    CreateEventLog1700000000001,
    CreateSecurity1700000000002,
    CreateProjections1700000000010,
    CreateFactIndex1700000000030,
    DropUnreadViews1700000000070,
  ],
};
