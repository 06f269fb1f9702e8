import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { coalesced } from '../kernel/coalesced.js';
import { Readiness, type ReadinessReport } from '../platform/health/readiness.js';
import { PublicProbe } from './credentials/route-access.js';
import { closed, flag } from './openapi/answer-schemas.js';
import { answer, Operation } from './openapi/operation.js';

const LiveAnswer = closed({ status: Type.Literal('live') });

const ReadinessAnswer = closed({
  ready: flag('Whether it can serve.'),
  checks: Type.Record(Type.String(), Type.String(), { description: 'Per check `ok`, or what is wrong.' }),
});

@Controller('health')
@PublicProbe()
export class HealthController {
  /** Shared, since it asks the database and anybody may ask for it without a limit. */
  private readonly report = coalesced(() => this.readiness.report());

  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  @Get('live')
  @Operation('Whether the process runs at all', {
    answer: answer('Live', 'It runs.', LiveAnswer, { status: 'live' }),
  })
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  @Operation('Whether it can serve, with each check', {
    answer: answer('Readiness', 'Every check passes.', ReadinessAnswer, {
      ready: true,
      checks: { database: 'ok', 'access-replica': 'ok' },
    }),
    otherAnswers: { 503: answer('Readiness', 'A check failed.', ReadinessAnswer) },
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessReport> {
    const report = await this.report();
    if (!report.ready) reply.status(503);
    return report;
  }
}
