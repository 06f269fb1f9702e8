import { accessMeasure, onBusyGatehouse } from '../access-under-load.mjs';
import { startFactLoad } from '../fact-load.mjs';
import { ms, quantile, whole } from '../measure.mjs';

const P99_MS = 25;
const ACCOUNTS = 10_000;
const POSTING = 8;
const BATCH = 500;
const BARE = 'bare Fastify route, beside the same load';
const WHAT = 'access decision while ingest is full';

export const name = 'access-under-ingest';
export const budget = `${WHAT}: p99 < ${P99_MS} ms`;

export const run = (options) =>
  onBusyGatehouse(options, { row: name, accounts: ACCOUNTS }, async (standalone, times) => {
    const load = startFactLoad(standalone, POSTING, BATCH);
    try {
      const yardstick = await times.ofBareRoute();
      options.log(`  ${BARE}: p99 ${ms(quantile(yardstick, 0.99))}`);
      const loaded = await times.ofGatehouse();
      const conditions = `while ${whole(await load.stop())} events/s came in over ${POSTING} connections`;
      return [accessMeasure({ what: WHAT, budgetMs: P99_MS, times: loaded, against: BARE, yardstick, conditions })];
    } finally {
      load.kill();
    }
  });
