import type { Context } from '../../libs/context/context.js';
import { CreateFactIndex1700000000030 } from '../../libs/event-store/eventstoredb/schema.js';
import {
  AppendAsOwner1700000000208,
  CreateEventLog1700000000001,
  CreateLogEpoch1700000000080,
  StoreMilliseconds1700000000200,
} from '../../libs/event-store/postgres/schema.js';
import { VirtualClock1700000000260 } from '../../libs/event-store/postgres/virtual-clock-schema.js';
import { TokenAdministration } from '../../libs/http/credentials/token-administration.js';
import { EVERYWHERE } from '../../libs/http/http.module.js';
import { DocumentsController } from '../../libs/http/openapi/documents.controller.js';
import { TokensController } from '../../libs/http/tokens.controller.js';
import { IngestController } from '../../libs/ingest/http/ingest.controller.js';
import { QuarantineController } from '../../libs/ingest/http/quarantine.controller.js';
import { QuarantineRetention } from '../../libs/ingest/quarantine-retention.js';
import {
  CreateQuarantine1700000000020,
  EncryptQuarantine1700000000130,
  SettleQuarantine1700000000083,
} from '../../libs/ingest/schema.js';
import {
  BindTokens1700000000082,
  CreateAddressKey1700000000085,
  CreateEventIdentity1700000000081,
  CreateSecurity1700000000002,
  OwnTokens1700000000130,
} from '../../libs/platform/database/schema.js';
import {
  MoveKeys1700000000221,
  NoteMovedKeys1700000000241,
  RewriteFormerKeys1700000000280,
} from '../../libs/platform/key-store/schema.js';
import { CreateProcesses1700000000135 } from '../../libs/platform/process/schema.js';
import { FeedController } from '../../libs/publish/http/feed.controller.js';
import { LogController } from '../../libs/publish/http/log.controller.js';
import { KeepEventIds1700000000110 } from '../../libs/subscriptions/event-ids-schema.js';
import { KeepReactorProgress1700000000120 } from '../../libs/subscriptions/progress-schema.js';
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
  migrations: [CreateQuarantine1700000000020, SettleQuarantine1700000000083, EncryptQuarantine1700000000130],
  schedules: ({ quarantine, settings, logger }) => [
    new QuarantineRetention(quarantine, settings.quarantineDays, logger),
  ],
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
    CreateLogEpoch1700000000080,
    CreateEventIdentity1700000000081,
    BindTokens1700000000082,
    CreateAddressKey1700000000085,
    KeepEventIds1700000000110,
    KeepReactorProgress1700000000120,
    OwnTokens1700000000130,
    CreateProcesses1700000000135,
    StoreMilliseconds1700000000200,
    AppendAsOwner1700000000208,
    MoveKeys1700000000221,
    NoteMovedKeys1700000000241,
    VirtualClock1700000000260,
    RewriteFormerKeys1700000000280,
  ],
  services: [TokenAdministration],
};
