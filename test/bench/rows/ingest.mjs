import { openBareLog } from '../bare-log.mjs';
import { followBareLog } from '../bare-view.mjs';
import { imageTraffic, stored } from '../image-traffic.mjs';
import { alternate, compare, inFlight, median, rateOf } from '../measure.mjs';
import { expectRows } from '../postgres.mjs';
import { batchRequest, post } from '../posting.mjs';
import { cpuMicros, onDatabase, startStandalone } from '../standalone.mjs';

const BATCH = 500;
const CONNECTIONS = 8;
const LANES = 4;
const LEAST_OF_BARE = 0.5;
/** The first image number, beyond those of the other traffic. */
const PROMPTED_FROM = 500_000_000;
const BUDGET_EVENTS = 3_000_000;

export const name = 'ingest';
export const budget = `ingest to visible: >= ${LEAST_OF_BARE} x the bare insert and view`;

const OURS = 'gatehouse';
const PROMPTED = 'gatehouse, with prompts to seal';
const BARE = 'bare insert and view';

export async function run({ server, rounds, ingestEvents, profile, log }) {
  const batches = Math.ceil(ingestEvents / rounds / BATCH);
  const size = batches * BATCH;
  const database = await server.createGatehouseDatabase('ingest_gatehouse');
  const bareDatabase = await server.createDatabase('ingest_bare');
  const standalone = await startStandalone(onDatabase(database.connection), profile);
  const bare = await openBareLog(bareDatabase.connection, LANES, true);
  const view = await followBareLog(bareDatabase.connection);
  try {
    const ours = httpContender(OURS, standalone, imageTraffic(), batches);
    const contenders = [
      ours,
      bareContender(bare, view, imageTraffic(), batches),
      httpContender(PROMPTED, standalone, imageTraffic(PROMPTED_FROM, true), batches),
    ];
    const rates = await alternate(contenders, rounds, log);
    const total = size * (rounds + 1);
    await expectRows(bareDatabase.connection, 'events', total);
    const facts = `log.events WHERE type LIKE 'Image%' OR type = 'ContentFlagged'`;
    await expectRows(database.connection, `(SELECT 1 FROM ${facts}) facts`, 2 * total);

    const { spread, ...compared } = compare(rates, OURS, BARE);
    const prompted = compare(rates, PROMPTED, BARE);
    const small = size * rounds < BUDGET_EVENTS;
    const common = `batches of ${BATCH}, ${CONNECTIONS} connections, ${size} events a round`;
    return [
      {
        what: 'ingest to visible, all views',
        budget: `>= ${LEAST_OF_BARE} x`,
        unit: 'events/s',
        ...compared,
        met: compared.ratio >= LEAST_OF_BARE,
        small,
        detail: `${spread}; ${common}`,
      },
      {
        what: 'ingest to visible, slowest round',
        budget: '-',
        unit: 'events/s',
        figure: Math.min(...rates.get(OURS)),
        met: undefined,
        detail: `over ${size * rounds} events`,
      },
      {
        what: 'ingest to visible, CPU of the standalone',
        budget: '-',
        unit: 'µs an event',
        figure: median(ours.cpu),
        met: undefined,
        detail: 'without PostgreSQL',
      },
      {
        what: 'ingest to visible, with prompts to seal',
        budget: '-',
        unit: 'events/s',
        figure: prompted.figure,
        against: BARE,
        yardstick: prompted.yardstick,
        ratio: prompted.ratio,
        met: undefined,
        detail: `${prompted.spread}; ${common}, 50,000 accounts' keys; the yardstick stores no prompts`,
      },
    ];
  } finally {
    await view.close();
    await bare.close();
    await standalone.stop();
    await database.drop();
    await bareDatabase.drop();
  }
}

/** Posts and waits until every view and every reactor has caught up. */
export function httpContender(name, standalone, traffic, batches) {
  /** Microseconds for an event, in each round. */
  const cpu = [];
  return {
    name,
    cpu,
    async run(round) {
      const token = await standalone.serviceToken();
      const requests = Array.from({ length: batches }, () => batchRequest(token, traffic.take(BATCH)));
      await standalone.caughtUp();
      const before = cpuMicros(standalone.pid);
      const rate = await rateOf(batches * BATCH, async () => {
        await post(standalone, CONNECTIONS, BATCH, () => requests.shift());
        await standalone.caughtUp();
      });
      if (round > 0) cpu.push((cpuMicros(standalone.pid) - before) / (batches * BATCH));
      return rate;
    },
  };
}

function bareContender(bare, view, traffic, batches) {
  const revisions = new Array(LANES).fill(0);
  let total = 0;
  return {
    name: BARE,
    async run() {
      const work = Array.from({ length: batches }, () => stored(traffic.take(BATCH)));
      total += batches * BATCH;
      return rateOf(batches * BATCH, async () => {
        await inFlight(LANES, LANES, async (lane) => {
          for (let events = work.shift(); events; events = work.shift()) {
            const revision = revisions[lane];
            revisions[lane] += events.length;
            await bare.append(`facts-${lane}`, revision, events);
          }
        });
        await view.reached(total);
      });
    },
  };
}
