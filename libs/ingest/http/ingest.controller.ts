import { Controller, HttpCode, Inject, Post, type RawBodyRequest, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Roles } from '../../http/credentials/route-access.js';
import { Context } from '../../http/request-context.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { Ingest } from '../ingest.js';
import { eventsOf } from './cloud-events-request.js';
import { originalBytes } from './original-bytes.js';

export const HTTP_DOOR = 'http';

@Controller('v1/events')
export class IngestController {
  constructor(@Inject(Ingest) private readonly ingest: Ingest) {}

  /** Takes one CloudEvent or a batch and answers for each, in order, once all of it is stored. Sending again is safe. */
  @Post()
  @HttpCode(202)
  @Roles('service', 'administrator')
  async take(@Req() request: RawBodyRequest<FastifyRequest>, @Context() context: CommandContext) {
    const events = eventsOf(request);
    const results = await this.ingest.take(events, context, HTTP_DOOR, () => originalBytes(request, events));
    return {
      results: results.map(({ position, ...rest }) => ({
        ...rest,
        ...(position === undefined ? {} : { position: String(position) }),
      })),
    };
  }
}
