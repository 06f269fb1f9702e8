import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpAdapter } from '../../libs/http/http-adapter.js';
import { acceptCloudEvents } from '../../libs/ingest/http/cloud-events-request.js';
import { nestLogger } from '../../libs/platform/logging/nest-logger.js';
import type { RoleParts } from '../composition/role.js';
import type { Runtime } from '../composition/runtime.js';
import { GatewayModule } from './gateway.module.js';

/** The HTTP endpoints. */
export async function composeGateway(runtime: Runtime): Promise<RoleParts> {
  const adapter = await createHttpAdapter(runtime.settings);
  acceptCloudEvents(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.with(runtime), adapter, {
    logger: nestLogger(runtime.logger),
    abortOnError: false,
  });
  return { app, work: [] };
}
