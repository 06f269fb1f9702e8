import { CommandHandler } from '@event-driven-io/emmett';
import { eventCatalogue } from '../../../dist/apps/event-catalogue.js';
import { PostgresEventStore } from '../../../dist/libs/event-store/postgres/postgres-event-store.js';
import { Transactor } from '../../../dist/libs/event-store/transact.js';
import { accountStream, deactivateAccount } from '../../../dist/libs/account/index.js';
import { systemClock, toIso } from '../../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../../dist/libs/kernel/ids.js';
import { EMMETT_EVENTS, openEmmett } from '../emmett.mjs';
import { alternate, compare, inFlight, rateOf } from '../measure.mjs';
import { expectRows } from '../postgres.mjs';

const IN_FLIGHT = 64;
const LEAST_OF_EMMETT = 2.5;
const ACTOR = { kind: 'process', id: 'enforcement' };
const ids = timeOrderedIds(systemClock);

export const name = 'decisions';
export const budget = 'decisions, each on its own stream, 64 in flight: >= 2.5 x emmett';

const deactivation = (accountId) => ({ accountId, reason: 'content-policy', caseId: `case-of-${accountId}` });

export async function run({ server, rounds, decisionsPerRound, log }) {
  const databases = {
    gatehouse: await server.createGatehouseDatabase('decisions_gatehouse'),
    emmett: await server.createDatabase('decisions_emmett'),
  };
  const store = new PostgresEventStore(databases.gatehouse.connection);
  const versions = new Map(eventCatalogue.map(({ type, version }) => [type, version]));
  const transactor = new Transactor(store, ids, systemClock, (type) => versions.get(type));
  const emmett = await openEmmett(databases.emmett.connection);
  const handle = CommandHandler({
    initialState: () => accountStream.initial,
    evolve: (state, event) => accountStream.evolve(state, event, { position: 0, time: '' }),
    mapToStreamId: (id) => `account-${id}`,
  });

  const contender = (label, decideOne) => ({
    name: label,
    run: (round) =>
      rateOf(decisionsPerRound, () => inFlight(decisionsPerRound, IN_FLIGHT, (n) => decideOne(`acc-${round}-${n}`))),
  });

  try {
    const rates = await alternate(
      [
        contender('gatehouse', async (id) => {
          const context = { actor: ACTOR, correlationid: ids.next() };
          await transactor.transact(accountStream, id, context, (state) => deactivateAccount(state, deactivation(id)));
        }),
        contender('emmett', (id) =>
          handle(emmett, id, (state) =>
            deactivateAccount(state, deactivation(id)).map((event) => ({
              ...event,
              metadata: {
                actor: ACTOR,
                correlationid: ids.next(),
                source: '/gatehouse',
                subject: `account-${id}`,
                time: toIso(systemClock.now()),
                schemaversion: 1,
              },
            })),
          ),
        ),
      ],
      rounds,
      log,
    );
    const total = decisionsPerRound * (rounds + 1);
    await expectRows(databases.gatehouse.connection, 'log.events', total);
    await expectRows(databases.emmett.connection, EMMETT_EVENTS, total);
    const { spread, ...compared } = compare(rates, 'gatehouse', 'emmett');
    return [
      {
        what: `decisions (load, decide, append one), ${IN_FLIGHT} in flight`,
        budget: `>= ${LEAST_OF_EMMETT} x`,
        unit: 'decisions/s',
        ...compared,
        met: compared.ratio >= LEAST_OF_EMMETT,
        detail: `${spread}; ${decisionsPerRound} a round, one event each on a stream of its own`,
      },
    ];
  } finally {
    await Promise.all([store.close(), emmett.close()]);
    for (const database of Object.values(databases)) await database.drop();
  }
}
