import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpAdapter } from '../../libs/http/http-adapter.js';
import { ResponseHeaders } from '../../libs/http/response-headers.js';
import { acceptCloudEvents } from '../../libs/ingest/http/cloud-events-request.js';
import { Ingest } from '../../libs/ingest/ingest.js';
import { nestLogger } from '../../libs/platform/logging/nest-logger.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import { countIngest } from '../composition/ingest-metrics.js';
import type { RoleParts } from '../composition/role.js';
import type { Runtime } from '../composition/runtime.js';
import { GatewayModule } from './gateway.module.js';

/** The HTTP endpoints. */
export async function composeGateway(runtime: Runtime): Promise<RoleParts> {
  const adapter = await createHttpAdapter(runtime.settings, new ResponseHeaders(runtime.epoch));
  acceptCloudEvents(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.with(runtime), adapter, {
    logger: nestLogger(runtime.logger),
    abortOnError: false,
  });
  countIngest(app.get(Ingest), runtime.quarantine, app.get(Metrics));
  return { app, roles: ['gateway'], work: [] };
}
