import { imageTraffic } from '../image-traffic.mjs';
import { loadFacts } from '../loading.mjs';
import { ms, quantile } from '../measure.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';

const MOST_MS = 50;
const BUDGET_EVENTS = 10_000_000;
const SUBJECTS = 200;
/** Subjects of events that are spread over the log. */
const SPREAD = 97;

export const name = 'history';
export const budget = `the whole history of one account or image: p95 <= ${MOST_MS} ms at 10 million events`;

export async function run({ server, logEvents, growthEvents, rounds, log }) {
  const size = growthEvents ?? logEvents;
  const database = await server.createGatehouseDatabase('history_gatehouse');
  const traffic = imageTraffic();
  log(`  loading ${size} events`);
  await loadFacts(database.connection, traffic, size);
  const started = performance.now();
  const standalone = await startStandalone(onDatabase(database.connection));
  try {
    const head = await standalone.caughtUp(isIndex);
    const indexedMs = performance.now() - started;
    await standalone.caughtUp();
    const subjects = await subjectsOf(standalone, head);
    const times = [];
    let events = 0;
    for (let round = 0; round <= rounds; round++)
      for (const path of subjects) {
        const asked = performance.now();
        const answer = await standalone.ask('GET', `/v1/audit/history/${path}?limit=1000`);
        if (round === 0) continue; // warm-up
        times.push(performance.now() - asked);
        events += answer.events.length;
      }
    const p95 = quantile(times, 0.95);
    const perSubject = Math.round(events / times.length);
    const rate = Math.round((size * 1000) / indexedMs).toLocaleString('en-US');
    return [
      {
        what: 'the whole history of one subject, p95',
        budget: `<= ${MOST_MS} ms`,
        unit: 'ms',
        figure: p95,
        met: p95 <= MOST_MS,
        small: size < BUDGET_EVENTS,
        detail: `median ${ms(quantile(times, 0.5))}; ${size} events, ${perSubject} of a subject on average; indexed beside the first build of the views with ${rate} events/s`,
      },
    ];
  } finally {
    await standalone.stop();
    await database.drop();
  }
}

const isIndex = (consumer) => consumer === 'subject-index';

/** Accounts and images in turn, of events that are spread over the log. */
async function subjectsOf(standalone, head) {
  const subjects = [];
  for (let n = 0; n < SUBJECTS; n++) {
    const after = Math.floor((head * ((n * SPREAD) % SUBJECTS)) / SUBJECTS);
    const { events } = await standalone.ask('GET', `/v1/log?after=${after}&limit=1`);
    const { accountId, imageId } = events[0].data;
    subjects.push(n % 2 === 0 && accountId ? `account/${accountId}` : `image/${imageId}`);
  }
  return subjects;
}
