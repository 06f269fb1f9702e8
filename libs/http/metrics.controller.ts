import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { Metrics } from '../platform/metrics/metrics.js';
import { PublicOnLoopback } from './credentials/route-access.js';
import { Operation } from './openapi/operation.js';
import { preferredType } from './preferred.js';

const PROMETHEUS = 'text/plain';
const OPEN_METRICS = 'application/openmetrics-text';

@Controller('metrics')
export class MetricsController {
  constructor(@Inject(Metrics) private readonly registered: Metrics) {}

  @Get()
  @PublicOnLoopback('metrics', 'administrator')
  @Operation('Metrics in Prometheus’s text format, or as OpenMetrics if that is accepted', {
    answer: {
      description: 'The metrics.',
      content: { [PROMETHEUS]: { schema: Type.String() }, [OPEN_METRICS]: { schema: Type.String() } },
    },
  })
  async metrics(@Headers('accept') accept: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    const isOpen = preferredType(accept, [PROMETHEUS, OPEN_METRICS]) === OPEN_METRICS;
    const { contentType, text } = await (isOpen ? this.registered.openMetricsText() : this.registered.prometheusText());
    reply.type(contentType).send(text);
  }
}
