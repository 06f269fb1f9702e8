import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../../../dist/libs/platform/embedded-postgres/embedded-postgres.js';
import { imageTraffic } from '../image-traffic.mjs';
import { loadFacts } from '../loading.mjs';
import { median, quantile } from '../measure.mjs';
import { launch } from '../standalone.mjs';

const MOST_SECONDS = 5;
const POLL_MS = 10;
const STARTS = 5;
/** The budget applies to any size; this is an example. */
const LARGE_EVENTS = 3_000_000;

export const name = 'start';
export const budget = `start, standalone, existing data: <= ${MOST_SECONDS} s to ready`;

export async function run({ logEvents, log }) {
  const data = mkdtempSync(join(tmpdir(), 'gatehouse-bench-start-'));
  const settings = { GATEHOUSE_DATA: data };
  chmodSync(data, 0o711); // run by root, PostgreSQL is another user, who needs to enter
  let standalone;
  try {
    // The first start creates the schema, then the log is filled directly, and the second start builds the views.
    standalone = await launch(settings).ready;
    await standalone.stop();
    log(`  loading ${logEvents} events`);
    const postgres = await startEmbeddedPostgres({ directory: join(data, 'postgres') });
    await loadFacts(postgres.connection, imageTraffic(), logEvents);
    await postgres.stop();
    standalone = await launch(settings).ready;
    const head = await standalone.caughtUp();
    await standalone.stop();

    const times = [];
    for (let start = 0; start < STARTS; start++) {
      const port = await freePort();
      const began = performance.now();
      const launched = launch({ ...settings, GATEHOUSE_PORT: String(port) });
      launched.ready.catch(() => {}); // reported below
      while (!(await isReady(port))) await Promise.race([sleep(POLL_MS), launched.failed]);
      times.push((performance.now() - began) / 1000);
      standalone = await launched.ready;
      log(`  ready after ${times.at(-1).toFixed(2)} s`);
      await standalone.stop();
    }
    return [
      {
        what: 'start of the standalone, embedded PostgreSQL included',
        budget: `<= ${MOST_SECONDS} s`,
        unit: 's',
        figure: median(times),
        met: quantile(times, 1) <= MOST_SECONDS,
        small: logEvents < LARGE_EVENTS,
        detail: `longest of ${STARTS} ${quantile(times, 1).toFixed(2)} s; ${head} events, every view built, stopped in order before`,
      },
    ];
  } finally {
    await standalone?.kill();
    rmSync(data, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function isReady(port) {
  try {
    const { ok } = await fetch(`http://127.0.0.1:${port}/health/ready`);
    return ok;
  } catch {
    return false; // it does not listen yet
  }
}
