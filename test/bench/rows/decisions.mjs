import { NO_CONCURRENCY_CHECK, STREAM_DOES_NOT_EXIST } from '@event-driven-io/emmett';
import { catalogue } from '../../../dist/apps/composition/catalogue.js';
import { accountStream, deactivateAccount } from '../../../dist/libs/account/index.js';
import { PostgresEventStore } from '../../../dist/libs/event-store/postgres/postgres-event-store.js';
import { Transactor } from '../../../dist/libs/event-store/transact.js';
import { EventSchemas } from '../../../dist/libs/events/event-schemas.js';
import { systemClock, toIso } from '../../../dist/libs/kernel/clock.js';
import { randomNonces, timeOrderedIds } from '../../../dist/libs/kernel/ids.js';
import { EMMETT_EVENTS, openEmmett } from '../emmett.mjs';
import { alternate, compare, inFlight, rateOf } from '../measure.mjs';
import { expectRows } from '../postgres.mjs';

const IN_FLIGHT = 64;
const LEAST_OF_EMMETT = 7;
const ACTOR = { kind: 'process', id: 'enforcement' };
const ids = timeOrderedIds(systemClock);

export const name = 'decisions';
export const budget = `decisions, each on its own stream, 64 in flight: >= ${LEAST_OF_EMMETT} x emmett`;

const deactivation = (accountId) => ({
  accountId,
  reason: 'review-confirmed',
  caseId: `case-of-${accountId}`,
  categories: ['violent'],
});

export async function run({ server, rounds, decisionsPerRound, log }) {
  const opened = await Promise.all([
    openGatehouse(await server.createGatehouseDatabase('decisions_gatehouse')),
    openPeer(await server.createDatabase('decisions_emmett')),
  ]);
  try {
    const contenders = opened.map(({ label, deactivate }) => ({
      name: label,
      run: (round) =>
        rateOf(decisionsPerRound, () => inFlight(decisionsPerRound, IN_FLIGHT, (n) => deactivate(`acc-${round}-${n}`))),
    }));
    const rates = await alternate(contenders, rounds, log);
    const total = decisionsPerRound * (rounds + 1);
    for (const { database, table } of opened) await expectRows(database.connection, table, total);

    const { spread, ...compared } = compare(rates, 'gatehouse', 'emmett');
    return [
      {
        what: `decisions (load, decide, append one), ${IN_FLIGHT} in flight`,
        budget: `>= ${LEAST_OF_EMMETT} x`,
        unit: 'decisions/s',
        ...compared,
        met: compared.ratio >= LEAST_OF_EMMETT,
        detail: `against emmett: ${spread}; ${decisionsPerRound} a round, one event each on a stream of its own`,
      },
    ];
  } finally {
    for (const { database, close } of opened) {
      await close();
      await database.drop();
    }
  }
}

function openGatehouse(database) {
  const store = new PostgresEventStore(database.connection, undefined, randomNonces());
  const transactor = new Transactor(store, ids, systemClock, new EventSchemas(catalogue.events));
  return {
    label: 'gatehouse',
    database,
    table: 'log.events',
    deactivate: (id) =>
      transactor.transact(accountStream, id, { actor: ACTOR, correlationid: ids.next() }, (state) =>
        deactivateAccount(state, deactivation(id)),
      ),
    close: () => store.close(),
  };
}

/** Uses the store directly: its CommandHandler does the same inside a session and was no faster. */
async function openPeer(database) {
  const store = await openEmmett(database.connection);
  const folding = {
    initialState: () => accountStream.initial,
    evolve: (state, event) => accountStream.evolve(state, event, { position: 0, time: '' }),
    read: { expectedStreamVersion: NO_CONCURRENCY_CHECK },
  };
  return {
    label: 'emmett',
    database,
    table: EMMETT_EVENTS,
    async deactivate(id) {
      const stream = `account-${id}`;
      const { state, streamExists, currentStreamVersion } = await store.aggregateStream(stream, folding);
      const events = deactivateAccount(state, deactivation(id)).map((event) => ({
        ...event,
        metadata: {
          messageId: ids.next(),
          actor: ACTOR,
          correlationid: ids.next(),
          source: '/gatehouse',
          subject: stream,
          time: toIso(systemClock.now()),
          schemaversion: 1,
        },
      }));
      const expectedStreamVersion = streamExists ? currentStreamVersion : STREAM_DOES_NOT_EXIST;
      await store.appendToStream(stream, events, { expectedStreamVersion });
    },
    close: () => store.close(),
  };
}
