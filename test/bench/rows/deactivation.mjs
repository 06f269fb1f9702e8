import { evaluation } from '../evaluations.mjs';
import { openConnection, requestBytes } from '../http-connection.mjs';
import { imageTraffic } from '../image-traffic.mjs';
import { loadMembers, memberId } from '../loading.mjs';
import { quantile, whole } from '../measure.mjs';
import { onConnection } from '../postgres.mjs';
import { batchRequest, expectAccepted, post } from '../posting.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';

const P99_MS = 100;
const CONNECTIONS = 8;
const BATCH = 500;
const SOURCE = '/review-tool';
/** The maximum wait for a deny. */
const PATIENCE_MS = 30_000;

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

const caseOf = (number) => `review-${memberId(number)}`;

async function flagAnImageOfEach(standalone, count) {
  const time = new Date().toISOString();
  const about = (number) => ({ imageId: caseOf(number), accountId: memberId(number) });
  const facts = Array.from({ length: count }, (_, number) => [
    { id: `made-${number}`, type: 'ImageGenerated', data: about(number), time },
    {
      id: `flag-${number}`,
      type: 'ContentFlagged',
      data: { ...about(number), flaggedBy: 'detector-1', flaggerKind: 'detector', categories: ['violent'] },
      time,
    },
  ]).flat();
  const connection = await openConnection(standalone.url);
  for (let first = 0; first < facts.length; first += BATCH) {
    const some = facts.slice(first, first + BATCH);
    expectAccepted(await connection.ask(batchRequest(standalone.token, some)), some.length);
  }
  connection.close();
}

/** Sends one confirmation, then evaluations one after the other until one is a deny. */
async function denialOf({ url, token }, number) {
  const accountId = memberId(number);
  const question = evaluation(token, accountId, 'generate');
  const [sender, asker] = await Promise.all([openConnection(url), openConnection(url)]);
  const permitted = await asker.ask(question);
  if (!permitted.includes('"decision":true')) throw new Error(`${accountId} was denied too early: ${permitted}`);

  const confirmed = { caseId: caseOf(number), imageId: caseOf(number), accountId, categories: ['violent'] };
  const json = {
    specversion: '1.0',
    id: `confirmed-${number}`,
    source: SOURCE,
    type: 'ReviewConfirmed',
    data: confirmed,
  };
  const sentAt = Date.now();
  const sent = sender.ask(
    requestBytes('POST', '/v1/events', { token, json, mediaType: 'application/cloudevents+json' }),
  );
  while (!(await asker.ask(question)).includes('"reason":"account-deactivated"')) {
    if (Date.now() - sentAt > PATIENCE_MS) throw new Error(`${accountId} is not denied; answered: ${await sent}`);
  }
  const deniedAt = Date.now();
  expectAccepted(await sent, 1);
  for (const connection of [sender, asker]) connection.close();
  return { accountId, sentAt, deniedAt };
}

const STEPS = ['ReviewConfirmed', 'EnforcementOrdered', 'AccountDeactivated'];

/** When each account's steps were stored, in epoch milliseconds of this machine's clock. */
async function storedAt(connection) {
  const { rows } = await onConnection(connection, (client) =>
    client.query(
      `SELECT data->>'accountId' AS account, type, extract(epoch FROM recorded_at) * 1000 AS at
       FROM log.events WHERE type = ANY($1)`,
      [STEPS],
    ),
  );
  const times = new Map();
  for (const { account, type, at } of rows) times.set(account, { ...times.get(account), [type]: Number(at) });
  return times;
}

/** The median time of each step. */
function steps(denials, times) {
  const of = (step) => whole(quantile(denials.map(step), 0.5));
  const between = (from, to) => of(({ accountId }) => times.get(accountId)[to] - times.get(accountId)[from]);
  const confirmed = of(({ accountId, sentAt }) => times.get(accountId).ReviewConfirmed - sentAt);
  const denied = of(({ accountId, deniedAt }) => deniedAt - times.get(accountId).AccountDeactivated);
  const [ordered, deactivated] = [between(STEPS[0], STEPS[1]), between(STEPS[1], STEPS[2])];
  return `p50 of the steps: sent to confirmed ${confirmed}, to ordered ${ordered}, to deactivated ${deactivated}, to denied ${denied} ms`;
}
