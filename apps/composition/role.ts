import { setMaxListeners } from 'node:events';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { logConsumers } from '../../libs/operations/index.js';
import { Readiness } from '../../libs/platform/health/readiness.js';
import { errorLog } from '../../libs/platform/logging/error-log.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import { keepAlive, type ProcessRole } from '../../libs/platform/process/living-processes.js';
import { LogMismatch } from '../../libs/subscriptions/log-continuity.js';
import { longParked } from '../../libs/subscriptions/parked-keys.js';
import { listen } from './listen.js';
import { followLog } from './log-metrics.js';
import { openRuntime, type Runtime, type RuntimeOptions } from './runtime.js';
import { version } from './version.js';

/** The parts of a process, composed but not started. */
export interface RoleParts {
  /** Whose work the process does. */
  roles: readonly ProcessRole[];
  /** Serves at least health and metrics. */
  app: NestFastifyApplication;
  /** Each runs until the signal aborts, and then finishes the work it has accepted. */
  work: readonly { run(signal: AbortSignal): Promise<void> }[];
}

/** A started process. */
export interface Role {
  /** Where HTTP is served. */
  url: string;
  runtime: Runtime;
  app: NestFastifyApplication;
  /** Says at once that the process lives and which keys it has dropped, as it does every few seconds. */
  beat(): Promise<void>;
  /** Accepts no more work, finishes accepted work, closes. */
  close(): Promise<void>;
}

/**
 * Opens the runtime, starts the work and listens.
 * @throws StartFailure
 */
export async function startRole(
  options: RuntimeOptions,
  compose: (runtime: Runtime) => Promise<RoleParts>,
): Promise<Role> {
  const runtime = await openRuntime(options);
  const stop = new AbortController();
  // Every worker listens to it, and Node would warn of more than ten.
  setMaxListeners(0, stop.signal);
  try {
    const { app, work, roles } = await compose(runtime);
    followLog(runtime, app.get(Metrics));
    // A gateway stays ready: what others could not process is no reason to take no more requests.
    if (work.length > 0) reportParked(runtime, app.get(Readiness));
    const running = [...work.map((one) => one.run(stop.signal)), watchLog(runtime, app.get(Readiness), stop.signal)];
    const url = await listen(app, runtime.settings);
    const { store } = runtime.personKeys;
    const keyEpoch = async () => {
      // If it can't look, it says so by the epoch that it has: an erasure waits for it.
      await store.refresh().catch(() => {});
      return store.epoch;
    };
    const alive = await keepAlive(runtime.pool, { id: runtime.ids.next(), roles, version, keyEpoch }, stop.signal);
    return {
      url,
      runtime,
      app,
      beat: alive.beat,
      async close() {
        await app.close();
        stop.abort();
        runtime.viewReader.stop();
        await Promise.all([...running, alive.ended]);
        await runtime.close();
      },
    };
  } catch (error) {
    stop.abort();
    await runtime.close();
    throw error;
  }
}

function reportParked({ pool, catalogue, settings }: Runtime, readiness: Readiness): void {
  readiness.register('parked', async () => {
    const { progress } = await logConsumers(pool, catalogue.views, settings);
    const parked = (await longParked(pool, settings.parkedLimitMs)).filter(({ consumer }) => progress.has(consumer));
    if (parked.length === 0) return;
    const consumers = [...new Set(parked.map(({ consumer }) => consumer))].join(', ');
    // Anybody may read the report, so it names no key, which is the id of an account or an image.
    throw new Error(
      `${parked.length} keys of ${consumers} have been parked for longer than ${settings.parkedLimitMs} ms: ` +
        '"gatehouse views list" gives the reasons',
    );
  });
}

/**
 * Stops serving if the log is replaced under the process. In another epoch it may lack what the process has read: states,
 * keys of people and positions are in memory all over, and only a start drops them all.
 */
function watchLog(
  { continuity, epoch, mismatch, logger }: Runtime,
  readiness: Readiness,
  signal: AbortSignal,
): Promise<void> {
  let found: LogMismatch | undefined;
  readiness.register('log', () => {
    if (found) throw found;
  });
  const stopServing = (error: LogMismatch) => {
    found = error;
    mismatch(error);
  };
  void epoch.renewal.then(({ before, after }) => {
    const what = `the epoch of the log is ${after} now, no longer ${before}`;
    stopServing(new LogMismatch(`${what}: the database was restored or failed over, so start this process again`));
  });
  return continuity.watch(signal, {
    mismatch: stopServing,
    error: errorLog(logger, 'the log could not be compared with the database'),
  });
}
