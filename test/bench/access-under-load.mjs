import { startBareRoute } from './bare-route.mjs';
import { askForAll, evaluation } from './evaluations.mjs';
import { loadMembers, memberId } from './loading.mjs';
import { ms, quantile } from './measure.mjs';
import { onDatabase, startStandalone } from './standalone.mjs';
import { askSteadily } from './steady-load.mjs';

export const QUESTIONS_PER_SECOND = 200;
const ASKING = 8;
/** Prime to every number of accounts, so that neighbouring questions are about distant ones. */
const STRIDE = 7_919;

/**
 * Starts a Gatehouse with members in memory, and a bare Fastify route beside it; stops both afterwards.
 * @param {string} row whose name the database has
 * @param measure gets the Gatehouse and `times`, which asks it or the bare route for `loadSeconds` at a steady rate and
 * returns each answer's milliseconds from when the question was due
 */
export async function onBusyGatehouse({ server, loadSeconds, profile }, { row, accounts }, measure) {
  const database = await server.createGatehouseDatabase(`${row.replaceAll('-', '_')}_gatehouse`);
  await loadMembers(database.connection, accounts);
  const standalone = await startStandalone(onDatabase(database.connection), profile);
  const bare = await startBareRoute();
  const timesOf = (target) => {
    const questions = Array.from({ length: QUESTIONS_PER_SECOND * loadSeconds }, (_, n) =>
      evaluation(target.token, memberId((n * STRIDE) % accounts), 'generate'),
    );
    return askSteadily(target, ASKING, QUESTIONS_PER_SECOND, questions);
  };
  try {
    await standalone.caughtUp();
    await askForAll(standalone, accounts);
    return await measure(standalone, { ofGatehouse: () => timesOf(standalone), ofBareRoute: () => timesOf(bare) });
  } finally {
    bare.stop();
    await standalone.stop();
    await database.drop();
  }
}

/** @param {string} conditions what else ran, in words */
export function accessMeasure({ what, budgetMs, times, against, yardstick, conditions }) {
  const p99 = quantile(times, 0.99);
  const spread = `p50 ${ms(quantile(times, 0.5))}, longest ${ms(Math.max(...times))}`;
  const asked = `${QUESTIONS_PER_SECOND} a second from when each was due, ${times.length} in all`;
  return {
    what: `${what}, p99`,
    budget: `< ${budgetMs} ms`,
    unit: 'ms',
    figure: p99,
    against,
    yardstick: quantile(yardstick, 0.99),
    met: p99 < budgetMs,
    detail: `${spread}; ${against} p50 ${ms(quantile(yardstick, 0.5))}; ${asked}, ${conditions}`,
  };
}
