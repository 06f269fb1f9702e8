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
import type { RoleParts } from '../composition/role.js';
import type { Runtime } from '../composition/runtime.js';
import { GatewayModule } from './gateway.module.js';

/**
 * The HTTP endpoints. The documents are generated before anybody can ask for them: at the first request, which needs no
 * credential, all others would wait.
 * @param hasDocuments false if they are generated when they are first asked for
 * @throws StartFailure
 */
export async function composeGateway(runtime: Runtime, { hasDocuments = true } = {}): Promise<RoleParts> {
  const adapter = await createHttpAdapter(runtime.settings, new ResponseHeaders(runtime.epoch));
  acceptCloudEvents(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.with(runtime), adapter, {
    logger: nestLogger(runtime.logger),
    abortOnError: false,
  });
  countIngest(app.get(Ingest), runtime.quarantine, app.get(Metrics));
  if (hasDocuments) await app.get(ApiDocuments).all();
  return { app, roles: ['gateway'], work: [] };
}
