import { startRoute } from '../bare-route.mjs';
import { bodyOf, expectStatus, openConnection, requestBytes } from '../http-connection.mjs';
import { alternate, compare, inFlight, median, ms, quantile, whole } from '../measure.mjs';
import { onConnection } from '../postgres.mjs';
import { batchRequest, expectAccepted } from '../posting.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';

const REVIEWERS = 50;
/** p99 against that of the bare route. */
const MOST_OF_BARE = 3;
const BUDGET_CASES = 10_000;
const BATCH = 500;
/** No claim ends while it is measured. */
const LEASE_MS = '86400000';
const OURS = 'gatehouse';
const BARE = 'bare Fastify route';

export const name = 'claim-next';
export const budget = `the next case of a queue for ${REVIEWERS} reviewers, ${BUDGET_CASES} open: p99 <= ${MOST_OF_BARE} x a route that locks, updates and commits`;

export async function run({ server, rounds, openCases, profile, log }) {
  const [database, bareDatabase] = [
    await server.createGatehouseDatabase('claim_next_gatehouse'),
    await server.createDatabase('claim_next_bare'),
  ];
  const standalone = await startStandalone(
    { ...onDatabase(database.connection), GATEHOUSE_CLAIM_LEASE_MS: LEASE_MS, GATEHOUSE_CLAIMS_PER_REVIEWER: '0' },
    profile,
  );
  await fill(bareDatabase.connection, openCases);
  const bare = await startRoute(
    new URL('../bare-claims.mjs', import.meta.url),
    JSON.stringify(bareDatabase.connection),
  );
  const latencies = new Map([OURS, BARE].map((label) => [label, []]));
  const given = new Map([OURS, BARE].map((label) => [label, []]));
  try {
    log(`  opening ${openCases} cases`);
    await flagAll(standalone, openCases);
    await standalone.caughtUp();
    const claims = Math.floor(openCases / (rounds + 1));
    const contender = (label, reviewers) => ({
      name: label,
      async run(round) {
        const { rate, times, ids } = await claimAll(reviewers, claims);
        given.get(label).push(...ids);
        if (round > 0) latencies.get(label).push(times);
        return rate;
      },
    });
    const tokens = [];
    for (let n = 0; n < REVIEWERS; n++) tokens.push(await standalone.newToken(`rev-${n}`, ['reviewer']));
    const ours = tokens.map((token) => requestBytes('POST', '/v1/queues/default/next', { token }));
    const theirs = tokens.map((_, n) => requestBytes('POST', `/claim/rev-${n}`));
    // Node accepts one connection in each turn of its event loop: opened in each round, that would be the slowest claims.
    const [our, their] = [await reviewersAt(standalone.url, ours), await reviewersAt(bare.url, theirs)];
    const rates = await alternate([contender(OURS, our), contender(BARE, their)], rounds, log);
    for (const { connection } of [...our, ...their]) connection.close();
    for (const [label, ids] of given) {
      if (new Set(ids).size !== claims * (rounds + 1)) throw new Error(`${label} gave a case to two reviewers`);
    }
    const p = (label, q) => median(latencies.get(label).map((times) => quantile(times, q)));
    const ratios = latencies
      .get(OURS)
      .map((times, round) => quantile(times, 0.99) / quantile(latencies.get(BARE)[round], 0.99));
    const ratio = median(ratios);
    const small = openCases < BUDGET_CASES;
    const { spread, ...rate } = compare(rates, OURS, BARE);
    return [
      {
        what: `next case of a queue, ${REVIEWERS} reviewers, p99`,
        budget: `<= ${MOST_OF_BARE} x`,
        unit: 'ms',
        figure: p(OURS, 0.99),
        against: BARE,
        yardstick: p(BARE, 0.99),
        ratio,
        met: ratio <= MOST_OF_BARE,
        small,
        detail: `p50 ${ms(p(OURS, 0.5))}; ${BARE} p50 ${ms(p(BARE, 0.5))}; each reviewer always asking; ${whole(openCases)} open cases at first, ${whole(claims)} claims a round, none given twice`,
      },
      { what: 'next cases of a queue', budget: '-', unit: 'claims/s', ...rate, met: undefined, detail: spread },
    ];
  } finally {
    bare.stop();
    await standalone.stop();
    await database.drop();
    await bareDatabase.drop();
  }
}

const fill = (connection, count) =>
  onConnection(connection, async (client) => {
    await client.query('CREATE TABLE waiting (id text PRIMARY KEY, due_at timestamptz NOT NULL, claimed_by text)');
    await client.query(
      `INSERT INTO waiting SELECT 'img-' || n, now() + n * interval '1 second' FROM generate_series(1, $1) n`,
      [count],
    );
    await client.query('CREATE INDEX ON waiting (due_at, id) WHERE claimed_by IS NULL');
    await client.query('ANALYZE waiting');
  });

async function flagAll({ url, token }, count) {
  const connection = await openConnection(url);
  for (let from = 0; from < count; from += BATCH) {
    const flags = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) => flagOf(from + n));
    expectAccepted(await connection.ask(batchRequest(token, flags)), flags.length);
  }
  connection.close();
}

const flagOf = (n) => ({
  id: `flag-${n}`,
  type: 'ContentFlagged',
  time: new Date().toISOString(),
  data: {
    ...{ imageId: `img-${n}`, flaggedBy: `acc-${n % 100}`, flaggerKind: 'user', categories: ['violent'] },
    confidence: (n % 100) / 100,
  },
});

/** One for each request, with a connection of their own. */
const reviewersAt = (url, requests) =>
  Promise.all(requests.map(async (bytes) => ({ bytes, connection: await openConnection(url) })));

/** Each reviewer sends the next request after each answer. */
async function claimAll(reviewers, count) {
  const [times, ids] = [[], []];
  const idle = [...reviewers];
  const started = performance.now();
  await inFlight(count, reviewers.length, async () => {
    const one = idle.pop();
    const asked = performance.now();
    const answer = expectStatus(await one.connection.ask(one.bytes), 200);
    times.push(performance.now() - asked);
    ids.push(/"caseId":"([^"]+)"/.exec(bodyOf(answer))?.[1]);
    idle.push(one);
  });
  const rate = (count * 1000) / (performance.now() - started);
  return { rate, times, ids };
}
