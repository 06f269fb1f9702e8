import { imageTraffic } from '../image-traffic.mjs';
import { loadFacts } from '../loading.mjs';
import { alternate, compare } from '../measure.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';
import { httpContender } from './ingest.mjs';

const SMALL = 100_000;
const BATCHES = 40;
const MOST = 1.1;
const BUDGET_EVENTS = 10_000_000;

export const name = 'growth';
export const budget = `cost per event at 10 million events against 100 thousand: <= ${MOST} x`;

export const skip = ({ growthEvents }) => (growthEvents === undefined ? 'with --full' : undefined);

export async function run({ server, rounds, growthEvents, log }) {
  const opened = [];
  try {
    for (const size of [SMALL, growthEvents]) {
      const database = await server.createGatehouseDatabase(`growth_gatehouse_${size}`);
      const traffic = imageTraffic();
      log(`  loading ${size} events`);
      await loadFacts(database.connection, traffic, size);
      const standalone = await startStandalone(onDatabase(database.connection));
      opened.push({ database, standalone, size, traffic });
      await standalone.caughtUp();
    }
    const label = (size) => `at ${size.toLocaleString('en-US')} events`;
    const contenders = opened.map(({ size, standalone, traffic }) =>
      httpContender(label(size), standalone, traffic, BATCHES),
    );
    const rates = await alternate(contenders, rounds, log);
    const { spread, figure, yardstick, ratio } = compare(rates, label(SMALL), label(growthEvents));
    return [
      {
        what: 'growth: cost per event, ingest to visible',
        budget: `<= ${MOST} x`,
        unit: 'µs an event',
        figure: 1e6 / yardstick,
        against: label(SMALL),
        yardstick: 1e6 / figure,
        ratio,
        met: ratio <= MOST,
        small: growthEvents < BUDGET_EVENTS,
        detail: `${label(growthEvents)}; ${spread}; both logs in turn, each in a process of its own`,
      },
    ];
  } finally {
    for (const { standalone, database } of opened) {
      await standalone.stop();
      await database.drop();
    }
  }
}
