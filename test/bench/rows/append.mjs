import { STREAM_DOES_NOT_EXIST } from '@event-driven-io/emmett';
import { PostgresEventStore } from '../../../dist/libs/event-store/postgres/postgres-event-store.js';
import { randomNonces } from '../../../dist/libs/kernel/ids.js';
import { openBareLog } from '../bare-log.mjs';
import { EMMETT_EVENTS, openEmmett } from '../emmett.mjs';
import { fact, factLanes, jsonBytes } from '../facts.mjs';
import { alternate, compare, inFlight, rateOf } from '../measure.mjs';
import { expectRows } from '../postgres.mjs';

const LANES = 4;
const BATCH = 500;
const LEAST_OF_BARE = 0.9;
const LEAST_OF_EMMETT = 3;

export const name = 'append';
export const budget = `append facts: >= ${LEAST_OF_BARE} x the bare insert, >= ${LEAST_OF_EMMETT} x emmett`;

const BARE = 'bare insert';
const KEYLESS = 'bare insert without unique keys';
/** The second one has no budget: it shows the cost of the keys that every log must have. */
const YARDSTICKS = [
  [BARE, LEAST_OF_BARE],
  [KEYLESS, undefined],
  ['emmett', LEAST_OF_EMMETT],
];

export async function run({ server, rounds, eventsPerRound, log }) {
  const batchesPerLane = Math.ceil(eventsPerRound / LANES / BATCH);
  const size = batchesPerLane * LANES * BATCH;
  const total = size * (rounds + 1);
  const opened = await Promise.all([
    openGatehouse(await server.createGatehouseDatabase('append_gatehouse')),
    openBare(await server.createDatabase('append_bare'), BARE, true),
    openBare(await server.createDatabase('append_keyless'), KEYLESS, false),
    openPeer(await server.createDatabase('append_emmett')),
  ]);
  try {
    const contenders = opened.map(({ label, prepare = (event) => event, appendBatch }) => ({
      name: label,
      async run(round) {
        const lanes = factLanes(LANES, batchesPerLane, BATCH, round * size).map((batches) =>
          batches.map((events) => events.map(prepare)),
        );
        return rateOf(size, () =>
          inFlight(LANES, LANES, async (lane) => {
            for (const [i, events] of lanes[lane].entries()) {
              await appendBatch(`facts-${lane}`, (round * batchesPerLane + i) * BATCH, events);
            }
          }),
        );
      },
    }));
    const rates = await alternate(contenders, rounds, log);
    for (const { database, table } of opened) await expectRows(database.connection, table, total);

    const bytes = jsonBytes(fact(1));
    return YARDSTICKS.map(([against, least]) => {
      const { spread, ...compared } = compare(rates, 'gatehouse', against);
      return {
        what: `append facts, ${LANES} lanes, batches of ${BATCH}`,
        budget: least === undefined ? '-' : `>= ${least} x`,
        unit: 'events/s',
        ...compared,
        met: least === undefined ? undefined : compared.ratio >= least,
        detail: `against ${against}: ${spread}; ${size} events a round, ${bytes} bytes each`,
      };
    });
  } finally {
    for (const { database, close } of opened) {
      await close();
      await database.drop();
    }
  }
}

function openGatehouse(database) {
  const store = new PostgresEventStore(database.connection, undefined, randomNonces());
  return {
    label: 'gatehouse',
    database,
    table: 'log.events',
    async appendBatch(stream, count, events) {
      const expected = count === 0 ? 'no-stream' : count - 1;
      const [{ outcome }] = await store.append([{ stream, expected, events }]);
      if (outcome !== 'appended') throw new Error(`append to ${stream}: ${outcome}`);
    },
    close: () => store.close(),
  };
}

async function openBare(database, label, unique) {
  const log = await openBareLog(database.connection, LANES, unique);
  return { label, database, table: 'events', appendBatch: log.append, close: log.close };
}

async function openPeer(database) {
  const store = await openEmmett(database.connection);
  return {
    label: 'emmett',
    database,
    table: EMMETT_EVENTS,
    prepare: (event) => ({ ...event, metadata: { ...event.metadata, messageId: event.id } }),
    appendBatch: (stream, count, events) =>
      store.appendToStream(stream, events, {
        expectedStreamVersion: count === 0 ? STREAM_DOES_NOT_EXIST : BigInt(count),
      }),
    close: () => store.close(),
  };
}
