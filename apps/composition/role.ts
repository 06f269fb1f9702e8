import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from '../../libs/platform/configuration/settings.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import { StartFailure } from '../../libs/platform/start-failure.js';
import { followLog } from './log-metrics.js';
import { openRuntime, type Runtime, type RuntimeOptions } from './runtime.js';

/** The parts of a process, composed but not started. */
export interface RoleParts {
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
  try {
    const { app, work } = await compose(runtime);
    followLog(runtime, app.get(Metrics));
    const running = work.map((one) => one.run(stop.signal));
    const url = await listen(app, runtime.settings);
    return {
      url,
      runtime,
      app,
      async close() {
        await app.close();
        stop.abort();
        await Promise.all(running);
        await runtime.close();
      },
    };
  } catch (error) {
    stop.abort();
    await runtime.close();
    throw error;
  }
}

async function listen(app: NestFastifyApplication, { host, port }: Settings): Promise<string> {
  try {
    await app.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    await app.close();
    if (code === 'EADDRINUSE') {
      throw new StartFailure(
        'port-busy',
        `port ${port} of ${host} is in use: stop the process that listens there, or set GATEHOUSE_PORT to another port`,
      );
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES') {
      throw new StartFailure(
        'address-unusable',
        `can't listen on ${host}:${port} (${code}): set GATEHOUSE_HOST and GATEHOUSE_PORT to an address of this machine`,
      );
    }
    throw error;
  }
  const { port: bound } = app.getHttpServer().address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}
