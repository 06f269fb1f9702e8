import type { Provider, Type } from '@nestjs/common';
import type { CommandBus } from '@nestjs/cqrs';
import type { OwnEventIds } from '../event-store/event-identity.js';
import type { EventStore } from '../event-store/event-store.js';
import type { Transactor } from '../event-store/transact.js';
import type { EventDefinition } from '../events/event-definition.js';
import type { ApiGroup } from '../http/openapi/api-description.js';
import type { InboundCommand } from '../ingest/ingest.js';
import type { Quarantine } from '../ingest/quarantine.js';
import type { Clock } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Ids } from '../kernel/ids.js';
import type { Settings } from '../platform/configuration/settings.js';
import type { Pool } from '../platform/database/database.js';
import type { MigrationClass } from '../platform/database/migrate.js';
import type { Logger } from '../platform/logging/logger.js';
import type { AddressHashes } from '../platform/personal-data/address-hashes.js';
import type { PersonKeys } from '../platform/personal-data/person-keys.js';
import type { View } from '../projections/view.js';
import type { ViewReader } from '../projections/view-reader.js';
import type { Consumer } from '../subscriptions/consumer.js';
import type { LockSession } from '../subscriptions/lock-session.js';
import type { LogTail } from '../subscriptions/log-tail.js';
import type { CountsAgain } from './counts-again.js';
import type { DecisionsAgain } from './decisions-again.js';

/**
 * Everything that a context adds to the application, named once. apps/contexts.ts lists the contexts; catalogues, workers,
 * the gateway, the documents of the API, and migrations are derived from that list. A context's commands of the command
 * line are in its cli.ts, which that list names separately, so that the command line loads no descriptor.
 */
export interface Context {
  /** Its folder in libs. */
  name: string;
  events?: readonly EventDefinition[];
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a state and events of its own
  streams?: readonly StreamKind<any, any>[];
  /** How the decisions of its streams are made again, for explanations. */
  decisionsAgain?: readonly DecisionsAgain[];
  /** What its decisions took from views, counted again for explanations. */
  countsAgain?: readonly CountsAgain[];
  views?: readonly View[];
  /** Consumers of the log that act on events. */
  consumers?(ports: ContextPorts): readonly Consumer[];
  /** Work that is due by the clock. */
  schedules?(ports: ContextPorts): readonly Schedule[];
  /** Handlers of commands and queries. */
  commands?: readonly Type[];
  /** Events of other systems that are commands here. */
  inbound?(commands: CommandBus): readonly InboundCommand[];
  /** Controllers by their group in the documents of the API; contexts may share a group. */
  routes?: readonly ApiGroup[];
  /** Providers that handlers and controllers of every context may inject. */
  services?: readonly Provider[];
  migrations?: readonly MigrationClass[];
}

export interface Schedule {
  /** Runs until the signal aborts. Only one process acts at a time. */
  run(signal: AbortSignal, locks: LockSession): Promise<void>;
  /** Does the work that is due now. When the signal aborts, it starts nothing further. */
  tick(signal?: AbortSignal): Promise<void>;
}

/** What consumers and schedules depend on. */
export interface ContextPorts {
  settings: Settings;
  clock: Clock;
  ids: Ids;
  logger: Logger;
  pool: Pool;
  store: EventStore;
  log: LogTail;
  quarantine: Quarantine;
  transactor: Transactor;
  ownEventIds: OwnEventIds;
  viewReader: ViewReader;
  addressHashes: AddressHashes;
  personKeys: PersonKeys;
}
