import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresEventStore } from '../../../dist/libs/event-store/postgres/postgres-event-store.js';
import { imageTraffic } from '../image-traffic.mjs';
import { loadFacts } from '../loading.mjs';
import { alternate, compare } from '../measure.mjs';
import { onDatabase, residentBytes, startStandalone } from '../standalone.mjs';

const LEAST_OF_READING = 0.4;
const BUDGET_EVENTS = 3_000_000;
/** Peak of the last third of a rebuild against that of its first third. */
const FLAT = 1.15;
const PAGE = 5_000;
const POLL_MS = 50;
const MIB = 1024 * 1024;

export const name = 'rebuild';
export const budget = `rebuild of every view: >= ${LEAST_OF_READING} x reading the same log, memory flat`;

const OURS = 'rebuild';
const READING = 'reading the same log with no view';

export async function run({ server, rounds, logEvents, profile, log }) {
  const database = await server.createGatehouseDatabase('rebuild_gatehouse');
  log(`  loading ${logEvents} events`);
  await loadFacts(database.connection, imageTraffic(), logEvents);
  const standalone = await startStandalone(onDatabase(database.connection), profile);
  const store = new PostgresEventStore(database.connection);
  try {
    const events = await standalone.caughtUp();
    let memory = [];
    const contenders = [
      {
        name: OURS,
        async run() {
          const started = performance.now();
          memory = await rebuild(standalone);
          return (events * 1000) / (performance.now() - started);
        },
      },
      { name: READING, run: () => read(store, events) },
    ];
    const rates = await alternate(contenders, rounds, log);
    const { spread, ...compared } = compare(rates, OURS, READING);
    const small = logEvents < BUDGET_EVENTS;
    const third = Math.ceil(memory.length / 3);
    const early = Math.max(...memory.slice(0, third));
    const late = Math.max(...memory.slice(-third));
    return [
      {
        what: 'rebuild of every view',
        budget: `>= ${LEAST_OF_READING} x`,
        unit: 'events/s',
        ...compared,
        met: compared.ratio >= LEAST_OF_READING,
        small,
        detail: `${spread}; ${events} events, with comparison and switch`,
      },
      {
        what: 'rebuild, memory',
        budget: 'flat',
        unit: 'MiB peak',
        figure: Math.max(...memory) / MIB,
        met: late <= early * FLAT,
        small,
        detail: `peak of the first third ${mib(early)}, of the last ${mib(late)}; flat is up to ${FLAT} x`,
      },
    ];
  } finally {
    await store.close();
    await standalone.stop();
    await database.drop();
  }
}

/** @returns samples of the resident bytes */
async function rebuild({ ask, pid }) {
  const { id } = await ask('POST', '/v1/views/rebuild', {}, 202);
  const memory = [];
  for (;;) {
    const job = await ask('GET', `/v1/views/jobs/${id}`);
    memory.push(residentBytes(pid));
    if (job.status === 'running') {
      await sleep(POLL_MS);
      continue;
    }
    const differing = (job.comparisons ?? []).filter(({ equal }) => equal === false);
    if (job.status !== 'done' || differing.length > 0) throw new Error(`rebuild: ${JSON.stringify(job)}`);
    return memory;
  }
}

async function read(store, head) {
  const started = performance.now();
  let count = 0;
  for (let after = 0; after < head; ) {
    const { events, next } = await store.readAll(after, { limit: PAGE });
    count += events.length;
    after = next;
  }
  return (count * 1000) / (performance.now() - started);
}

const mib = (bytes) => `${Math.round(bytes / MIB)} MiB`;
