import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Readiness, type ReadinessReport } from '../platform/health/readiness.js';
import { Public } from './credentials/route-access.js';

@Controller('health')
@Public()
export class HealthController {
  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  /** Whether the process runs at all. */
  @Get('live')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  /** Whether it can serve, with each check; 503 when one fails. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessReport> {
    const report = await this.readiness.report();
    if (!report.ready) reply.status(503);
    return report;
  }
}
