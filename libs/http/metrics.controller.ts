import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { Metrics } from '../platform/metrics/metrics.js';
import { PublicOnLoopback } from './credentials/route-access.js';
import { Operation, plain } from './openapi/operation.js';

@Controller('metrics')
export class MetricsController {
  constructor(@Inject(Metrics) private readonly registry: Metrics) {}

  @Get()
  @PublicOnLoopback('metrics', 'administrator')
  @Operation('Metrics in Prometheus’s text format', {
    answer: plain('text/plain', 'The metrics.', Type.String()),
  })
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    const { registry } = this.registry;
    reply.type(registry.contentType).send(await registry.metrics());
  }
}
