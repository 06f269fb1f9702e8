import { denialOf, ENFORCEMENT_STEPS, flagAnImageOfEach, storedAt } from '../denials.mjs';
import { imageTraffic } from '../image-traffic.mjs';
import { loadMembers } from '../loading.mjs';
import { quantile, whole } from '../measure.mjs';
import { batchRequest, post } from '../posting.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';

const P99_MS = 100;
const CONNECTIONS = 8;
const BATCH = 500;

export const name = 'deactivation';
export const budget = `ReviewConfirmed appended until the first deny, under ingest load: p99 < ${P99_MS} ms`;

export async function run({ server, deactivations, profile, log }) {
  const database = await server.createGatehouseDatabase('deactivation_gatehouse');
  await loadMembers(database.connection, deactivations);
  const standalone = await startStandalone(onDatabase(database.connection), profile);
  try {
    await flagAnImageOfEach(standalone, deactivations);
    await standalone.caughtUp();

    const traffic = imageTraffic();
    let loading = true;
    let posted = 0;
    const load = post(standalone, CONNECTIONS, BATCH, () => {
      posted += loading ? BATCH : 0;
      return loading && batchRequest(standalone.token, traffic.take(BATCH));
    });
    load.catch(() => {}); // reported below
    const started = performance.now();
    const denials = [];
    for (let n = 0; n < deactivations; n++) {
      denials.push(await denialOf(standalone, n));
      if ((n + 1) % 50 === 0) log(`  ${n + 1} of ${deactivations} denied`);
    }
    const rate = (posted * 1000) / (performance.now() - started);
    loading = false;
    await load;

    const times = await storedAt(database.connection);
    const sinceAppend = denials.map(({ accountId, deniedAt }) => deniedAt - times.get(accountId).ReviewConfirmed);
    const sinceSending = denials.map(({ sentAt, deniedAt }) => deniedAt - sentAt);
    const under = `${deactivations} one after the other, while ${whole(rate)} events/s came in over ${CONNECTIONS} connections`;
    return [
      {
        ...measure('appended', sinceAppend, under),
        budget: `p99 < ${P99_MS} ms`,
        met: quantile(sinceAppend, 0.99) < P99_MS,
      },
      { ...measure('sent', sinceSending, steps(denials, times)), budget: '-', met: undefined },
    ];
  } finally {
    await standalone.stop();
    await database.drop();
  }
}

const measure = (since, times, under) => ({
  what: `deactivation: ReviewConfirmed ${since} to first deny, p99`,
  unit: 'ms',
  figure: quantile(times, 0.99),
  detail: `p50 ${whole(quantile(times, 0.5))} ms, longest ${whole(Math.max(...times))} ms; ${under}`,
});

/** The median time of each step. */
function steps(denials, times) {
  const of = (step) => whole(quantile(denials.map(step), 0.5));
  const between = (from, to) => of(({ accountId }) => times.get(accountId)[to] - times.get(accountId)[from]);
  const confirmed = of(({ accountId, sentAt }) => times.get(accountId).ReviewConfirmed - sentAt);
  const denied = of(({ accountId, deniedAt }) => deniedAt - times.get(accountId).AccountDeactivated);
  const [first, second, third] = ENFORCEMENT_STEPS;
  const [ordered, deactivated] = [between(first, second), between(second, third)];
  return `p50 of the steps: sent to confirmed ${confirmed}, to ordered ${ordered}, to deactivated ${deactivated}, to denied ${denied} ms`;
}
