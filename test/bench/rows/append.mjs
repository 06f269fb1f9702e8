import { STREAM_DOES_NOT_EXIST } from '@event-driven-io/emmett';
import { PostgresEventStore } from '../../../dist/libs/event-store/postgres/postgres-event-store.js';
import { openBareLog } from '../bare-log.mjs';
import { EMMETT_EVENTS, openEmmett } from '../emmett.mjs';
import { factLanes, jsonBytes } from '../facts.mjs';
import { alternate, compare, rateOf } from '../measure.mjs';
import { expectRows } from '../postgres.mjs';

const LANES = 4;
const BATCH = 500;
const LEAST_OF_BARE = 0.7;
const LEAST_OF_EMMETT = 1.5;

export const name = 'append';
export const budget = 'append facts: >= 0.7 x the bare insert, >= 1.5 x emmett';

export async function run({ server, rounds, eventsPerRound, log }) {
  const databases = {
    gatehouse: await server.createGatehouseDatabase('append_gatehouse'),
    bare: await server.createDatabase('append_bare'),
    emmett: await server.createDatabase('append_emmett'),
  };
  const store = new PostgresEventStore(databases.gatehouse.connection);
  const bare = await openBareLog(databases.bare.connection, LANES);
  const emmett = await openEmmett(databases.emmett.connection);

  const batchesPerLane = Math.ceil(eventsPerRound / LANES / BATCH);
  const size = batchesPerLane * LANES * BATCH;
  const total = size * (rounds + 1);
  const contender = (label, appendBatch) => ({
    name: label,
    run(round) {
      const lanes = factLanes(LANES, batchesPerLane, BATCH, round * size);
      return rateOf(size, () =>
        Promise.all(
          lanes.map(async (batches, lane) => {
            for (const [i, events] of batches.entries()) {
              await appendBatch(`facts-${lane}`, (round * batchesPerLane + i) * BATCH, events);
            }
          }),
        ),
      );
    },
  });

  try {
    const rates = await alternate(
      [
        contender('gatehouse', async (stream, count, events) => {
          const expected = count === 0 ? 'no-stream' : count - 1;
          const [{ outcome }] = await store.append([{ stream, expected, events }]);
          if (outcome !== 'appended') throw new Error(`append to ${stream}: ${outcome}`);
        }),
        contender('bare insert', (stream, count, events) => bare.append(stream, count, events)),
        contender('emmett', (stream, count, events) =>
          emmett.appendToStream(stream, events, {
            expectedStreamVersion: count === 0 ? STREAM_DOES_NOT_EXIST : BigInt(count),
          }),
        ),
      ],
      rounds,
      log,
    );
    await expectRows(databases.gatehouse.connection, 'log.events', total);
    await expectRows(databases.bare.connection, 'events', total);
    await expectRows(databases.emmett.connection, EMMETT_EVENTS, total);
    const bytes = jsonBytes(factLanes(1, 1, 1, 1)[0][0][0]);
    return [
      ['bare insert', LEAST_OF_BARE],
      ['emmett', LEAST_OF_EMMETT],
    ].map(([against, least]) => {
      const { spread, ...compared } = compare(rates, 'gatehouse', against);
      return {
        what: `append facts, ${LANES} lanes, batches of ${BATCH}`,
        budget: `>= ${least} x`,
        unit: 'events/s',
        ...compared,
        met: compared.ratio >= least,
        detail: `${spread}; ${size} events a round, ${bytes} bytes each`,
      };
    });
  } finally {
    await Promise.all([store.close(), bare.close(), emmett.close()]);
    for (const database of Object.values(databases)) await database.drop();
  }
}
