import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessReplica, answerEvaluationsFast, DecisionPoint } from '../../libs/access/index.js';
import { ENFORCING } from '../../libs/enforcement/index.js';
import { Authenticator } from '../../libs/http/credentials/authenticator.js';
import { createHttpAdapter } from '../../libs/http/http-adapter.js';
import { acceptCloudEvents } from '../../libs/ingest/http/cloud-events-request.js';
import { ViewAdministration } from '../../libs/operations/features/view-administration.js';
import { Readiness } from '../../libs/platform/health/readiness.js';
import { NestLogger } from '../../libs/platform/logging/nest-logger.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import { consumerProgress } from '../../libs/subscriptions/checkpoints.js';
import type { RoleParts } from '../composition/role.js';
import type { Runtime } from '../composition/runtime.js';
import { GatewayModule } from './gateway.module.js';
import { ApiDocuments } from './openapi/api-documents.js';

const MS_IN_S = 1000;

/** The HTTP doors, with the access replica following the log until the signal aborts. */
export async function composeGateway(runtime: Runtime, signal: AbortSignal): Promise<RoleParts> {
  const { settings, logger } = runtime;
  const adapter = await createHttpAdapter(settings);
  acceptCloudEvents(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.with(runtime), adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  answerEvaluationsFast(adapter.getInstance(), app.get(Authenticator), app.get(DecisionPoint));
  app.get(ApiDocuments).describe(app);
  const replica = app.get(AccessReplica);
  const enforcing = await consumerProgress(runtime.pool, `reactor:${ENFORCING}`);
  await replica.start(signal, enforcing.position, enforcing.parked);
  app.get(Readiness).register('access-replica', () => {
    if (replica.ageMs > settings.stalenessMs)
      throw new Error(`knows the log as of ${Math.round(replica.ageMs)} ms ago; ${settings.stalenessMs} are allowed`);
  });
  app
    .get(Metrics)
    .gauge(
      { name: 'access_replica_age_seconds', help: 'Age of the state that access decisions are based on' },
      (gauge) => gauge.set(replica.ageMs / MS_IN_S),
    );
  return { app, work: [], end: () => app.get(ViewAdministration).close() };
}
