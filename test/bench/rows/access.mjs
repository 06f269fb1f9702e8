import { startBareRoute } from '../bare-route.mjs';
import { askForAll, evaluation } from '../evaluations.mjs';
import { expectStatus, openConnection } from '../http-connection.mjs';
import { loadMembers, memberId } from '../loading.mjs';
import { alternate, compare, median, ms, quantile } from '../measure.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';
import { askSteadily } from '../steady-load.mjs';

const CONNECTIONS = 64;
/** p99 at half the rate, against that of the bare route. */
const MOST_OF_BARE = 1.5;
const LEAST_OF_BARE = 0.75;
const BUDGET_ACCOUNTS = 1_000_000;
/** A stride that visits every account in a scattered order. */
const STRIDE = 7_919;

export const name = 'access';
export const budget = `access decision over HTTP, ${CONNECTIONS} connections: >= ${LEAST_OF_BARE} x a bare route, p99 at half the rate <= ${MOST_OF_BARE} x`;

const PERMITTED = '"decision":true';
/** A share asks about a face that no rule lets anybody share; a refusal for another reason would be another measurement. */
const SHARE_DENIED = '"reason":"face-sharing-restricted"';

const COLD = 'gatehouse, each account for the first time';
const OURS = 'gatehouse';
const SHARE = 'gatehouse, share of an unknown image';
const BARE = 'bare Fastify route';

export async function run({ server, rounds, accounts, requestsPerRound, profile, log }) {
  const database = await server.createGatehouseDatabase('access_gatehouse');
  log(`  loading ${accounts} accounts`);
  await loadMembers(database.connection, accounts);
  const standalone = await startStandalone(onDatabase(database.connection), profile);
  const bare = await startBareRoute();
  try {
    await standalone.caughtUp();
    const requests = Math.min(requestsPerRound, accounts);
    const cold = await load(standalone, requests, (n) => n, 'generate');
    log(`  ${COLD}: ${Math.round(cold.rate)}/s, p99 ${ms(quantile(cold.times, 0.99))}`);
    await askForAll(standalone, accounts);

    const latencies = new Map();
    const contender = (label, target, action) => ({
      name: label,
      async run(round) {
        const { rate, times } = await load(target, requestsPerRound, (n) => (n * STRIDE + round) % accounts, action);
        if (round > 0) latencies.set(label, [...(latencies.get(label) ?? []), times]);
        return rate;
      },
    });
    const rates = await alternate(
      [
        contender(OURS, standalone, 'generate'),
        contender(BARE, bare, 'generate'),
        contender(SHARE, standalone, 'share'),
      ],
      rounds,
      log,
    );
    const steady = Math.round(median(rates.get(OURS)) / 2);
    const calmly = (target) =>
      askSteadily(
        target,
        CONNECTIONS,
        steady,
        requestsFor(target.token, requestsPerRound, (n) => (n * STRIDE) % accounts, 'generate'),
      );
    const [bareCalm, calm] = [await calmly(bare), await calmly(standalone)];
    const p = (label, q) => median(latencies.get(label).map((times) => quantile(times, q)));
    const { spread, ...compared } = compare(rates, OURS, BARE);
    const small = accounts < BUDGET_ACCOUNTS;
    const share = compare(rates, SHARE, BARE);
    const common = `${CONNECTIONS} connections always asking, ${accounts} accounts, ${requestsPerRound} requests a round`;
    const others = (label) => `p50 ${ms(p(label, 0.5))}, p99 ${ms(p(label, 0.99))}`;
    return [
      {
        what: 'access decisions over HTTP',
        budget: `>= ${LEAST_OF_BARE} x`,
        unit: 'decisions/s',
        ...compared,
        met: compared.ratio >= LEAST_OF_BARE,
        small,
        detail: `${spread}; ${common}`,
      },
      {
        what: 'access decision over HTTP, p99',
        budget: '-',
        unit: 'ms',
        figure: p(OURS, 0.99),
        against: BARE,
        yardstick: p(BARE, 0.99),
        met: undefined,
        detail: `p50 ${ms(p(OURS, 0.5))}; ${BARE} p50 ${ms(p(BARE, 0.5))}; ${common}`,
      },
      {
        what: 'access decision over HTTP, p99 at half the rate',
        budget: `<= ${MOST_OF_BARE} x`,
        unit: 'ms',
        figure: quantile(calm, 0.99),
        against: BARE,
        yardstick: quantile(bareCalm, 0.99),
        ratio: quantile(calm, 0.99) / quantile(bareCalm, 0.99),
        met: quantile(calm, 0.99) <= MOST_OF_BARE * quantile(bareCalm, 0.99),
        small,
        detail: `${steady} a second, from when each was due; p50 ${ms(quantile(calm, 0.5))}; ${BARE} p50 ${ms(quantile(bareCalm, 0.5))}; ${CONNECTIONS} connections, ${accounts} accounts, ${requestsPerRound} requests`,
      },
      {
        what: 'access decisions, share',
        budget: '-',
        unit: 'decisions/s',
        figure: share.figure,
        against: BARE,
        yardstick: share.yardstick,
        ratio: share.ratio,
        met: undefined,
        detail: `each looks its image up in the database; ${others(SHARE)}`,
      },
      {
        what: 'access decisions, accounts not in memory',
        budget: '-',
        unit: 'decisions/s',
        figure: cold.rate,
        met: undefined,
        detail: `each folded from its stream; p50 ${ms(quantile(cold.times, 0.5))}, p99 ${ms(quantile(cold.times, 0.99))}, once, ${requests} requests`,
      },
    ];
  } finally {
    bare.stop();
    await standalone.stop();
    await database.drop();
  }
}

const openConnections = (url) => Promise.all(Array.from({ length: CONNECTIONS }, () => openConnection(url)));
const requestsFor = (token, count, accountAt, action) =>
  Array.from({ length: count }, (_, n) => evaluation(token, memberId(accountAt(n)), action));

/** Each connection sends its next request after each answer. @returns decisions per second and the milliseconds of each */
async function load({ url, token }, count, accountAt, action) {
  const connections = await openConnections(url);
  const requests = requestsFor(token, count, accountAt, action);
  const expected = action === 'share' ? SHARE_DENIED : PERMITTED;
  const times = new Array(count);
  let next = 0;
  const started = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (next < count) {
        const n = next++;
        const asked = performance.now();
        const answer = await connection.ask(requests[n]);
        times[n] = performance.now() - asked;
        if (!answer.includes(expected)) expectStatus(answer, expected);
      }
    }),
  );
  const rate = (count * 1000) / (performance.now() - started);
  for (const connection of connections) connection.close();
  return { rate, times };
}
