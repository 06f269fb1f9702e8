import { randomBytes } from 'node:crypto';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Settings } from '../platform/configuration/settings.js';
import { isDiskFull } from '../platform/database/data-disk.js';
import { type Logger, tracedLogger } from '../platform/logging/logger.js';
import { LOGGER, SETTINGS } from '../platform/ports.js';
import { isEndless, PROBLEM_MEDIA_TYPE, toProblem } from './problem.js';
import { contextOf, type GatehouseRequest } from './request-context.js';

const INCIDENT_BYTES = 8;

/** Answers every error with a problem document. Of an internal error it returns only the id under which it is logged. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<GatehouseRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { problem, headers, isInternal } = toProblem(error, () => isDiskFull(this.settings));
    if (isInternal) {
      problem.incident = randomBytes(INCIDENT_BYTES).toString('hex');
      const at = { incident: problem.incident, method: request.method, route: request.routeOptions?.url };
      tracedLogger(this.logger, contextOf(request)).error({ ...at, err: error }, 'a request failed');
    }
    if (reply.raw.headersSent) {
      reply.raw.destroy(); // the only way to report an error in the middle of a stream
      return;
    }
    if (isEndless(request)) reply.header('connection', 'close');
    reply.status(problem.status).headers(headers).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
  }
}
