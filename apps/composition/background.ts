import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HttpModule } from '../../libs/http/http.module.js';
import { createHttpAdapter } from '../../libs/http/http-adapter.js';
import { ResponseHeaders } from '../../libs/http/response-headers.js';
import { nestLogger } from '../../libs/platform/logging/nest-logger.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import type { ProcessRole } from '../../libs/platform/process/living-processes.js';
import type { RoleParts } from './role.js';
import type { Runtime } from './runtime.js';

@Module({})
class BackgroundModule {}

/** Work without the HTTP API: HTTP serves only health and metrics. */
export async function composeBackground(
  runtime: Runtime,
  role: ProcessRole,
  workOf: (metrics: Metrics) => RoleParts['work'] | Promise<RoleParts['work']>,
): Promise<RoleParts> {
  const module = { module: BackgroundModule, imports: [HttpModule.with(runtime)] };
  const adapter = await createHttpAdapter(runtime.settings, new ResponseHeaders(runtime.epoch));
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: nestLogger(runtime.logger),
    abortOnError: false,
  });
  return { app, roles: [role], work: await workOf(app.get(Metrics)) };
}
