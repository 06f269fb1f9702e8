import pg from 'pg';
import { PostgresEventStore } from '../../../dist/libs/event-store/postgres/postgres-event-store.js';
import { Transactor } from '../../../dist/libs/event-store/transact.js';
import { systemClock } from '../../../dist/libs/kernel/clock.js';
import { randomNonces, timeOrderedIds } from '../../../dist/libs/kernel/ids.js';
import { ViewReader } from '../../../dist/libs/projections/view-reader.js';
import { GateEvidence, GateWatch, StageChanges } from '../../../dist/libs/rollout/index.js';
import { StageEvidence } from '../../../dist/libs/safety/index.js';
import { rolloutOf } from '../evidence-rows.mjs';
import { makeHistory } from '../gate-history.mjs';
import { median, ms, quantile, whole } from '../measure.mjs';
import { onDatabase, startGateway } from '../standalone.mjs';

const BUDGET_IMAGES = 3_000_000;
const PART = 10;
const MOST_MS = 50;
const MOST_GROWTH = 1.2;
const AGAIN = 40;
const READS = [
  '/v1/gate',
  '/v1/rollout',
  '/v1/rollout/timeline',
  '/v1/gate/series',
  '/v1/rollout/rate-preview?perWeek=30000',
];
const TICK = 'a tick of the gate';
/** So long a request for the first evidence may take. */
const MOST_FIRST_MS = 5_000;
const TERMS = { rateConfirmPercent: 200, ratePerWeekAlone: 5_000 };
const RULES = { version: () => 1, fault: () => undefined };

export const name = 'gate';
export const budget = `the gate's reads and ticks, ${whole(BUDGET_IMAGES)} images and 50 stages: p95 < ${MOST_MS} ms, and <= ${MOST_GROWTH} x those of a tenth`;

export async function run({ server, images, rounds, log }) {
  const made = [];
  try {
    for (const size of [Math.ceil(images / PART), images]) made.push(await installation(server, size, log));
    const [tenth, full] = made;
    await tenth.counted();
    const first = await full.counted();
    log(`  first evidence: ${(first.totalMs / 1000).toFixed(1)} s, longest request ${ms(first.longestMs)}`);
    const rows = [
      {
        what: 'the longest request while the first evidence is counted',
        budget: `< ${whole(MOST_FIRST_MS)} ms`,
        unit: 'ms',
        figure: first.longestMs,
        met: first.longestMs < MOST_FIRST_MS,
        small: images < BUDGET_IMAGES,
        detail: `${whole(images)} images; complete after ${(first.totalMs / 1000).toFixed(1)} s of requests one after the other, ${first.refused} of which were answered 503`,
      },
    ];
    for (const what of [...READS, TICK]) {
      const times = made.map(() => []);
      for (let n = 0; n < AGAIN * rounds + 1; n++) {
        for (const [i, one] of made.entries()) {
          const took = await one.timed(what);
          if (n > 0) times[i].push(took);
        }
      }
      const [small, large] = times;
      const ratio = median(large) / median(small);
      const p95 = quantile(large, 0.95);
      const row = {
        what: `${what}, p95`,
        budget: `< ${MOST_MS} ms, <= ${MOST_GROWTH} x`,
        unit: 'ms',
        figure: p95,
        against: 'a tenth, p95',
        yardstick: quantile(small, 0.95),
        ratio,
        met: p95 < MOST_MS && ratio <= MOST_GROWTH,
        small: images < BUDGET_IMAGES,
        detail: `p50 ${ms(median(large))}, ${ms(median(small))} with a tenth; the ratio is that of these`,
      };
      log(`  ${row.what}: ${ms(p95)}, ${row.detail}`);
      rows.push(row);
    }
    return rows;
  } finally {
    for (const one of made) await one.close();
  }
}

/** An installation with so many images, which a process serves and another one, this, watches. */
async function installation(server, images, log) {
  log(`  making ${whole(images)} images`);
  const database = await server.createGatehouseDatabase(`gate_${images}`);
  const { connection } = database;
  const pool = new pg.Pool(connection);
  await makeHistory({ pool, connection }, rolloutOf(images, Date.now()));
  const serving = await startGateway(onDatabase(connection));
  await serving.ask('GET', '/v1/status'); // the server answers a connection without any request with 408
  const store = new PostgresEventStore(connection, undefined, randomNonces());
  const watch = watchOn(pool, store);
  // What the start and the first look at the gate have stored is nothing that the views had to read.
  const catchUp = () => pool.query('UPDATE projections.checkpoints SET position = (SELECT position FROM log.head)');
  await catchUp();
  return {
    async counted() {
      let [totalMs, longestMs, refused] = [0, 0, 0];
      for (let status = 503; status === 503; ) {
        const began = performance.now();
        ({ status } = await fetch(`${serving.url}/v1/gate`, { headers: { authorization: `Bearer ${serving.token}` } }));
        const took = performance.now() - began;
        totalMs += took;
        longestMs = Math.max(longestMs, took);
        if (status === 503) refused++;
        else if (status !== 200) throw new Error(`GET /v1/gate was answered ${status}`);
      }
      await watch.tick();
      await catchUp();
      return { totalMs, longestMs, refused };
    },
    async timed(what) {
      const began = performance.now();
      await (what === TICK ? watch.tick() : serving.ask('GET', what));
      return performance.now() - began;
    },
    async close() {
      await serving.stop();
      await store.close();
      await pool.end();
      await database.drop();
    },
  };
}

function watchOn(pool, store) {
  const transactor = new Transactor(store, timeOrderedIds(systemClock), systemClock, RULES);
  const evidence = new GateEvidence(new StageEvidence(pool), store, systemClock);
  const logger = { warn: () => {} };
  const reader = new ViewReader(pool);
  return new GateWatch(transactor, evidence, new StageChanges(store), store, reader, systemClock, logger, TERMS);
}
