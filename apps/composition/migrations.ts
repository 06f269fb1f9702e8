import { CreateFactIndex1700000000030 } from '../../libs/event-store/eventstoredb/schema.js';
import { CreateEventLog1700000000001 } from '../../libs/event-store/postgres/schema.js';
import { CreateQuarantine1700000000020 } from '../../libs/ingest/schema.js';
import type { MigrationClass } from '../../libs/platform/database/migrate.js';
import { CreateSecurity1700000000002 } from '../../libs/platform/database/schema.js';
import { CloseEarlierCohorts1700000000060 } from '../../libs/rollout/schema.js';
import { CreateProjections1700000000010, DropUnreadViews1700000000070 } from '../../libs/subscriptions/schema.js';

/** Every migration of the database, in order of the number in its name. */
export const migrations: readonly MigrationClass[] = [
  CreateEventLog1700000000001,
  CreateSecurity1700000000002,
  CreateProjections1700000000010,
  CreateQuarantine1700000000020,
  CreateFactIndex1700000000030,
  CloseEarlierCohorts1700000000060,
  DropUnreadViews1700000000070,
];
