import { setTimeout as sleep } from 'node:timers/promises';
import { denialOf, flagAnImageOfEach, storedAt } from '../denials.mjs';
import { openConnection } from '../http-connection.mjs';
import { loadMembers } from '../loading.mjs';
import { alternate, inFlight, median, quantile, whole } from '../measure.mjs';
import { onConnection } from '../postgres.mjs';
import { batchRequest, expectAccepted } from '../posting.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';

const MOST = 5;
const GROWTH = 4;
const P99_MS = 100;
/** Confirmed images of the account; of flags and verdicts there are a quarter. */
const BUDGET_IMAGES = 4_000;
const CONNECTIONS = 8;
/** A batch of confirmations is answered when all are decided, which must not take longer than the limit of an answer. */
const BATCH = 100;
/** Maximum number of other accounts that are denied meanwhile. */
const OTHERS = 3_000;
/** Time between a deny and the next confirmation: their requests would take half of the machine. */
const BETWEEN_DENIES_MS = 200;
const POLL_MS = 100;
const ENFORCED = ['EnforcementCompleted'];
const IN_CASE = ['CaseOpened', 'CaseJoined', 'FlaggerNoted'];
const CATEGORIES = ['violent'];

export const name = 'hot-account';
export const budget = `${GROWTH} times the events of one account, image or reviewer: <= ${MOST} x; another account's deny: p99 < ${P99_MS} ms`;

export async function run({ server, rounds, hotImages, profile, log }) {
  const database = await server.createGatehouseDatabase('hot_account_gatehouse');
  const { connection } = database;
  await loadMembers(connection, OTHERS);
  const standalone = await startStandalone(onDatabase(connection), profile);
  const bench = { standalone, connection, rounds, log, small: hotImages < BUDGET_IMAGES };
  try {
    await flagAnImageOfEach(standalone, OTHERS);
    await standalone.caughtUp();
    const denials = [];
    const denyUntil = async (isOver, count) => {
      while (!isOver() && denials.length < OTHERS) {
        denials.push({ ...(await denialOf(standalone, denials.length)), count });
        await sleep(BETWEEN_DENIES_MS);
      }
    };
    const images = 'confirmed images of one account, until all are enforced';
    const fewer = Math.max(GROWTH, Math.floor(hotImages / GROWTH));
    const growths = [
      await growth(bench, images, hotImages, (prefix, count) => confirm(bench, prefix, count, denyUntil)),
      await growth(bench, 'flags on one image, until its case has them', fewer, (prefix, count) =>
        flag(bench, prefix, count),
      ),
      await growth(bench, 'verdicts of one reviewer, until all are enforced', fewer, (prefix, count) =>
        judge(bench, prefix, count),
      ),
    ];
    const measured = denials.filter(({ count }) => count === hotImages);
    return [...growths, await denyMeasure(bench, measured, hotImages)];
  } finally {
    await standalone.stop();
    await database.drop();
  }
}

/** Runs work of two sizes in turn. @param work returns the seconds that it took */
async function growth({ standalone, rounds, log, small }, what, many, work) {
  const few = Math.floor(many / GROWTH);
  const label = (count) => `${whole(count)} ${what}`;
  const contenders = [few, many].map((count) => ({
    name: label(count),
    async run(round) {
      const seconds = await work(`${what.slice(0, 5).trim()}-${round}-${count}`, count);
      await standalone.caughtUp();
      return count / seconds;
    },
  }));
  const rates = await alternate(contenders, rounds, log);
  const [ofFew, ofMany] = [few, many].map((count) => rates.get(label(count)).map((rate) => count / rate));
  const ratios = ofMany.map((seconds, round) => seconds / ofFew[round]);
  return {
    what: `hot account: ${label(many)}`,
    budget: `<= ${MOST} x`,
    unit: 's',
    figure: median(ofMany),
    against: whole(few),
    yardstick: median(ofFew),
    ratio: median(ratios),
    met: median(ratios) <= MOST,
    small,
    detail: `from the first post; ratios ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} over ${rounds} rounds`,
  };
}

async function denyMeasure({ connection, small }, denials, hotImages) {
  const stored = await storedAt(connection);
  const times = denials.map(({ accountId, deniedAt }) => deniedAt - stored.get(accountId).ReviewConfirmed);
  const p99 = quantile(times, 0.99);
  return {
    what: "hot account: another account's ReviewConfirmed appended to first deny meanwhile, p99",
    budget: `p99 < ${P99_MS} ms`,
    unit: 'ms',
    figure: p99,
    met: p99 < P99_MS,
    small,
    detail: `p50 ${whole(quantile(times, 0.5))} ms, longest ${whole(Math.max(...times))} ms; ${times.length} accounts, one after the other, while ${whole(hotImages)} images of another account were confirmed`,
  };
}

/** Confirms images of one account, and lets other accounts be denied until all are enforced. */
async function confirm(bench, prefix, count, denyUntil) {
  const cases = Array.from({ length: count }, (_, n) => ({ imageId: `${prefix}-${n}`, accountId: prefix }));
  await openCases(bench, cases);
  const confirmations = cases.map(({ imageId, accountId }) =>
    fact(`confirmed-${imageId}`, 'ReviewConfirmed', {
      ...{ caseId: imageId, imageId, accountId, categories: CATEGORIES, reviewers: ['reviewer-1'] },
    }),
  );
  let isOver = false;
  const denying = denyUntil(() => isOver, count);
  denying.catch(() => {}); // reported below
  try {
    return await secondsUntil(bench, confirmations, ENFORCED, prefix);
  } finally {
    isOver = true;
    await denying;
  }
}

/** Flags one image by different accounts. */
async function flag(bench, prefix, count) {
  const imageId = `${prefix}-image`;
  await postAll(bench.standalone, [made({ imageId, accountId: prefix })]);
  const flags = Array.from({ length: count }, (_, n) => flagged(imageId, prefix, `${prefix}-flagger-${n}`));
  return secondsUntil(bench, flags, IN_CASE, prefix);
}

/** One reviewer confirms images of different accounts. */
async function judge(bench, prefix, count) {
  const cases = Array.from({ length: count }, (_, n) => ({ imageId: `${prefix}-${n}`, accountId: `${prefix}-${n}` }));
  await openCases(bench, cases);
  const verdicts = cases.map(({ imageId }) =>
    fact(`verdict-${imageId}`, 'VerdictGiven', {
      ...{ caseId: imageId, reviewer: 'reviewer-1', verdict: 'unsafe', panelSize: 1, note: 'see the lower left' },
    }),
  );
  return secondsUntil(bench, verdicts, ENFORCED, prefix);
}

async function openCases({ standalone }, cases) {
  await postAll(standalone, cases.map(made));
  await postAll(
    standalone,
    cases.map(({ imageId, accountId }) => flagged(imageId, accountId, 'detector-1')),
  );
  await standalone.caughtUp();
}

const fact = (id, type, data) => ({ id, type, data, time: new Date().toISOString() });
const made = (about) => fact(`made-${about.imageId}`, 'ImageGenerated', about);
const flagged = (imageId, accountId, flaggedBy) =>
  fact(`flag-${imageId}-${flaggedBy}`, 'ContentFlagged', {
    ...{ imageId, accountId, flaggedBy, flaggerKind: 'detector', categories: CATEGORIES },
  });

async function postAll({ url, token }, events) {
  const batches = Array.from({ length: Math.ceil(events.length / BATCH) }, (_, n) =>
    events.slice(n * BATCH, (n + 1) * BATCH),
  );
  const requests = batches.map((batch) => batchRequest(token, batch));
  const idle = await Promise.all(Array.from({ length: CONNECTIONS }, () => openConnection(url)));
  await inFlight(requests.length, CONNECTIONS, async (n) => {
    const connection = idle.pop();
    expectAccepted(await connection.ask(requests[n]), batches[n].length);
    idle.push(connection);
  });
  for (const connection of idle) connection.close();
}

/** The seconds from the first post until the log has one event of the types for each posted one. */
async function secondsUntil({ standalone, connection }, events, types, prefix) {
  const { head } = await standalone.ask('GET', '/v1/status');
  const startedAt = Date.now();
  await postAll(standalone, events);
  return onConnection(connection, async (client) => {
    for (; ; await sleep(POLL_MS)) {
      const { rows } = await client.query(
        `SELECT count(*)::int AS stored, extract(epoch FROM max(recorded_at)) * 1000 AS at FROM log.events
         WHERE position > $1 AND type = ANY($2) AND data->>'caseId' LIKE $3`,
        [head, types, `${prefix}-%`],
      );
      const [{ stored, at }] = rows;
      if (stored > events.length) throw new Error(`${stored} of ${events.length} are stored: some more than once`);
      if (stored === events.length) return (Number(at) - startedAt) / 1000;
    }
  });
}
