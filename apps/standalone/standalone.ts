import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessReplica, answerEvaluationsFast, DecisionPoint } from '../../libs/access/index.js';
import { ENFORCING } from '../../libs/enforcement/index.js';
import { acceptCloudEvents } from '../../libs/messaging/http/cloud-events-request.js';
import { StartFailure } from '../../libs/platform/database/start-failure.js';
import { Readiness } from '../../libs/platform/health/readiness.js';
import { createHttpAdapter } from '../../libs/platform/http/http-adapter.js';
import { NestLogger } from '../../libs/platform/logging/nest-logger.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import { Authenticator } from '../../libs/platform/security/authenticator.js';
import { followerPositions } from '../../libs/projections/checkpoints.js';
import { ViewAdministration } from '../../libs/projections/view-administration.js';
import { CohortScheduler } from '../../libs/rollout/index.js';
import { GatewayModule } from '../gateway/gateway.module.js';
import { ApiDocuments } from '../gateway/openapi/api-documents.js';
import { openRuntime, type Runtime, type RuntimeOptions } from '../runtime.js';
import { projectorOf, reactorsOf, type Worker } from '../workers.js';

export interface StandaloneOptions extends RuntimeOptions {
  /** False: nothing runs by itself; whoever started it works events off with `settle`. For tests that drain. */
  background?: boolean;
}

/** Every role in one process. */
export interface Standalone {
  /** Where HTTP is served. */
  url: string;
  runtime: Runtime;
  app: NestFastifyApplication;
  /** Works everything off: views and reactions have passed the head, and nothing new came of it. */
  settle(): Promise<void>;
  /** Takes no more work, finishes what it took, closes. */
  close(): Promise<void>;
}

/** @throws StartFailure */
export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const { settings, background = true } = options;
  const runtime = await openRuntime(options);
  const stop = new AbortController();
  try {
    const adapter = await createHttpAdapter(settings);
    acceptCloudEvents(adapter.getInstance());
    const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.with(runtime), adapter, {
      logger: new NestLogger(runtime.logger),
      abortOnError: false,
    });
    answerEvaluationsFast(adapter.getInstance(), app.get(Authenticator), app.get(DecisionPoint));
    app.get(ApiDocuments).describe(app);
    const followers = await followerPositions(runtime.pool);
    await app.get(AccessReplica).start(stop.signal, followers.get(`reactor:${ENFORCING}`) ?? 0);
    const workers: Worker[] = [projectorOf(runtime, app.get(Metrics)), ...reactorsOf(runtime, app.get(Metrics))];
    const running = background ? workers.map((worker) => worker.run(stop.signal)) : [];
    if (background && settings.scheduler) running.push(app.get(CohortScheduler).run(stop.signal, runtime.locks));
    registerReadiness(app, settings.stalenessMs);
    await listen(app, settings.host, settings.port);
    const { port } = app.getHttpServer().address() as AddressInfo;
    return {
      url: `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`,
      runtime,
      app,
      settle: () => settle(workers, runtime),
      async close() {
        await app.close();
        await app.get(ViewAdministration).close();
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

async function listen(app: NestFastifyApplication, host: string, port: number): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    await app.close();
    if (code === 'EADDRINUSE') {
      throw new StartFailure(
        'port-busy',
        `port ${port} of ${host} is in use: stop what listens there, or set GATEHOUSE_PORT to another`,
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
}

function registerReadiness(app: NestFastifyApplication, stalenessMs: number): void {
  const replica = app.get(AccessReplica);
  app.get(Readiness).register('access-replica', () => {
    if (replica.ageMs > stalenessMs)
      throw new Error(`knows the log as of ${Math.round(replica.ageMs)} ms ago; ${stalenessMs} are allowed`);
  });
}

async function settle(workers: readonly Worker[], { store }: Runtime): Promise<void> {
  for (let before = -1, head = await store.head(); head !== before; head = await store.head()) {
    before = head;
    for (const worker of workers) await worker.processAll();
  }
}
