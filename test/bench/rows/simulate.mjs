import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { imageTraffic } from '../image-traffic.mjs';
import { alternate, compare } from '../measure.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';
import { httpContender } from './ingest.mjs';

const BATCH = 500;
/** Of ingest, at full size: a whole round more would take as long as the measurement. */
const WARM_UP_BATCHES = 40;
const MOST_OF_INGEST = 1.3;
/** Those of the scenario at its full size. */
const BUDGET_EVENTS = 4_800_000;
const SCENARIO = 'preview-2022';
/** By `gatehouse simulate`: something came out that the scenario does not expect, as may happen at a small scale. */
const UNEXPECTED = 7;
const CLI = fileURLToPath(new URL('../../../dist/apps/cli/main.js', import.meta.url));

export const name = 'simulate';
export const budget = `a simulated rollout: <= ${MOST_OF_INGEST} x the time that ingest takes for as many events`;

const OURS = `gatehouse simulate --scenario ${SCENARIO}`;
const INGEST = 'ingest';

export async function run({ server, rounds, simulatedEvents, log }) {
  const database = await server.createGatehouseDatabase('simulate_ingest');
  const standalone = await startStandalone(onDatabase(database.connection));
  const small = simulatedEvents < BUDGET_EVENTS;
  try {
    const traffic = imageTraffic();
    const ingest = (batches) => httpContender(INGEST, standalone, traffic, batches);
    const contenders = [
      { name: OURS, run: () => simulate(Math.min(1, simulatedEvents / BUDGET_EVENTS)) },
      ingest(Math.ceil(simulatedEvents / BATCH)),
    ];
    if (!small) await ingest(WARM_UP_BATCHES).run(0);
    const rates = small ? await alternate(contenders, rounds, log) : await alternate(contenders, 1, log, 1);
    const { spread, ratio, ...compared } = compare(rates, OURS, INGEST);
    return [
      {
        what: 'a rollout on a virtual clock, with the start and the end of its database',
        budget: `<= ${MOST_OF_INGEST} x the time of ingest`,
        unit: 'events/s',
        ...compared,
        ratio,
        met: 1 / ratio <= MOST_OF_INGEST,
        small,
        detail: `${(1 / ratio).toFixed(2)} x the time; ${spread}; about ${simulatedEvents} events a round`,
      },
    ];
  } finally {
    await standalone.stop();
    await database.drop();
  }
}

/** @returns events per second, from the start of the command to its end */
async function simulate(scale) {
  const started = performance.now();
  const args = ['simulate', '--scenario', SCENARIO, '--scale', String(scale), '--json'];
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [answer, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (code !== 0 && code !== UNEXPECTED) throw new Error(`gatehouse simulate ended with ${code}`);
  return (JSON.parse(answer).events * 1000) / (performance.now() - started);
}
