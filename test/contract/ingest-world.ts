import { catalogue } from '../../apps/composition/catalogue.js';
import { entities } from '../../apps/composition/entities.js';
import { AccountDeactivated } from '../../libs/account/index.js';
import { EncryptingEventStore } from '../../libs/event-store/encrypting-event-store.js';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { Transactor } from '../../libs/event-store/transact.js';
import type { EventOf } from '../../libs/events/event-definition.js';
import { EventSchemas } from '../../libs/events/event-schemas.js';
import { defineInbound, type InboundCommand, Ingest, type IngestOptions } from '../../libs/ingest/ingest.js';
import { Quarantine } from '../../libs/ingest/quarantine.js';
import type { QuarantineLimits } from '../../libs/ingest/quarantine-usage.js';
import { systemClock } from '../../libs/kernel/clock.js';
import type { StreamKind } from '../../libs/kernel/decider.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { Refusal } from '../../libs/kernel/errors.js';
import { timeOrderedIds } from '../../libs/kernel/ids.js';
import { connectDatabase } from '../../libs/platform/database/database.js';
import { ReviewConfirmed } from '../../libs/review/index.js';
import { createTestDatabase } from '../support/test-database.js';
import { openTestKeys } from '../support/test-keys.js';
import { wholeLog } from '../support/whole-log.js';

export type Json = Record<string, unknown>;

const ids = timeOrderedIds(systemClock);
const schemas = new EventSchemas(catalogue.events);
const account: StreamKind<boolean, EventOf<typeof AccountDeactivated>> = {
  category: 'account',
  events: [AccountDeactivated],
  initial: false,
  evolve: () => true,
};

export const ingestContext = { actor: { kind: 'service' as const, id: 'image-service' }, correlationid: 'request-1' };

export type IngestWorld = Awaited<ReturnType<typeof openIngestWorld>>;

/** Two gateways, like two processes, on one real log with the real catalogue and two simple rules. */
export async function openIngestWorld() {
  const database = await createTestDatabase();
  const options = { applicationName: 'gatehouse-spec', entities };
  const { dataSource, pool } = await connectDatabase(database.connection, options);
  const testKeys = await openTestKeys();
  const { keys } = testKeys;
  const quarantineWith = (limits?: QuarantineLimits) => new Quarantine(dataSource, keys, ids, systemClock, limits);
  const quarantine = quarantineWith();
  const store = new PostgresEventStore(database.connection);
  const otherStore = new PostgresEventStore(database.connection);

  function gatewayOn(
    plain: EventStore,
    commands?: readonly InboundCommand[],
    more: Partial<IngestOptions> = {},
  ): Ingest {
    const sealing = new EncryptingEventStore(plain, keys, catalogue.events);
    const rules = commands ?? inboundCommands(new Transactor(sealing, ids, systemClock, schemas));
    return new Ingest(sealing, schemas, quarantine, systemClock, rules, { lanes: 3, ...more });
  }
  return {
    connection: database.connection,
    pool,
    schemas,
    store,
    quarantine,
    quarantineWith,
    gatewayOn,
    gateways: [gatewayOn(store), gatewayOn(otherStore)] as [Ingest, Ingest],
    async close() {
      await store.close();
      await otherStore.close();
      await dataSource.destroy();
      await database.drop();
      await testKeys.remove();
    },
  };
}

/** An account is deactivated once. No case is known, so every confirmed review is refused. */
function inboundCommands(transactor: Transactor): InboundCommand[] {
  return [
    defineInbound({
      event: AccountDeactivated,
      keys: ({ accountId }) => [accountId],
      async handle(data, context) {
        const { events, position } = await transactor.transact(account, data.accountId, context, (gone) =>
          gone ? [] : [{ type: 'AccountDeactivated', data }],
        );
        return { changed: events.length > 0, position };
      },
    }),
    defineInbound({
      event: ReviewConfirmed,
      keys: ({ caseId }) => [caseId],
      handle: async ({ caseId }) => {
        throw new Refusal('case-unknown', `there is no case ${caseId}`);
      },
    }),
  ];
}

/** Events of a sender with a unique source. */
export function newSender(store: EventStore) {
  const name = ids.next();
  const source = `/sender/${name}`;
  const event = (type: string, id: string, data: Json): Json => {
    return { specversion: '1.0', id, source, type, data: { ...schemas.definition(type)!.example, ...data } };
  };
  return {
    source,
    event,
    fact: (n: number, type = 'ImageGenerated') => event(type, `${type}-${n}`, { imageId: `img-${n}` }),
    deactivation: (id: string, n: number) => event('AccountDeactivated', id, { accountId: `acc-${name}-${n}` }),
    /** The stored events of this sender, in order. */
    async stored(): Promise<RecordedEvent[]> {
      return (await wholeLog(store)).filter(({ metadata }) => metadata.source === source);
    },
  };
}
