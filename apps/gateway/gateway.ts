import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpAdapter } from '../../libs/http/http-adapter.js';
import { ApiDocuments } from '../../libs/http/openapi/api-documents.js';
import { ResponseHeaders } from '../../libs/http/response-headers.js';
import { acceptCloudEvents } from '../../libs/ingest/http/cloud-events-request.js';
import { Ingest } from '../../libs/ingest/ingest.js';
import { nestLogger } from '../../libs/platform/logging/nest-logger.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import { countIngest } from '../composition/ingest-metrics.js';
import type { Role, RoleParts } from '../composition/role.js';
import type { Runtime } from '../composition/runtime.js';
import { GatewayModule } from './gateway.module.js';

/** Generates the documents at the start: at the first request, which needs no credential, all others would wait for them. */
export async function withDocuments<Started extends Role>(started: Started): Promise<Started> {
  await started.app.get(ApiDocuments).all();
  return started;
}

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
