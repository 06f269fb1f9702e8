import { startBareRoute } from '../bare-route.mjs';
import { askForAll, evaluation } from '../evaluations.mjs';
import { startFactLoad } from '../fact-load.mjs';
import { loadMembers, memberId } from '../loading.mjs';
import { quantile, whole } from '../measure.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';
import { askSteadily } from '../steady-load.mjs';

const P99_MS = 25;
const ACCOUNTS = 10_000;
const QUESTIONS_PER_SECOND = 200;
const ASKING = 8;
const POSTING = 8;
const BATCH = 500;
const STRIDE = 7_919;

export const name = 'access-under-ingest';
export const budget = `access decision while ingest is full: p99 < ${P99_MS} ms`;

const BARE = 'bare Fastify route, beside the same load';

export async function run({ server, loadSeconds, profile, log }) {
  const database = await server.createGatehouseDatabase('access_under_ingest_gatehouse');
  await loadMembers(database.connection, ACCOUNTS);
  const standalone = await startStandalone(onDatabase(database.connection), profile);
  const bare = await startBareRoute();
  let load;
  try {
    await standalone.caughtUp();
    await askForAll(standalone, ACCOUNTS);
    load = startFactLoad(standalone, POSTING, BATCH);
    const count = QUESTIONS_PER_SECOND * loadSeconds;
    const questions = (token) =>
      Array.from({ length: count }, (_, n) => evaluation(token, memberId((n * STRIDE) % ACCOUNTS), 'generate'));
    const timesOf = (target) => askSteadily(target, ASKING, QUESTIONS_PER_SECOND, questions(target.token));
    const yardstick = await timesOf(bare);
    log(`  ${BARE}: p99 ${ms(quantile(yardstick, 0.99))}`);
    const times = await timesOf(standalone);
    const rate = await load.stop();
    return [
      {
        what: 'access decision while ingest is full, p99',
        budget: `< ${P99_MS} ms`,
        unit: 'ms',
        figure: quantile(times, 0.99),
        against: BARE,
        yardstick: quantile(yardstick, 0.99),
        met: quantile(times, 0.99) < P99_MS,
        detail: `p50 ${ms(quantile(times, 0.5))}, longest ${ms(Math.max(...times))}; ${BARE} p50 ${ms(quantile(yardstick, 0.5))}; ${QUESTIONS_PER_SECOND} a second from when each was due, ${count} in all, while ${whole(rate)} events/s came in over ${POSTING} connections`,
      },
    ];
  } finally {
    load?.kill();
    bare.stop();
    await standalone.stop();
    await database.drop();
  }
}

const ms = (value) => `${value.toFixed(2)} ms`;
