import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { mergeMap, NEVER, type Observable, race, throwError, timer } from 'rxjs';
import { Unavailable } from '../kernel/errors.js';
import type { Settings } from '../platform/configuration/settings.js';
import { SETTINGS } from '../platform/ports.js';

/**
 * Answers a request that takes too long. Each wait for a store is limited, but a request may have several, one after the
 * other. The work goes on, so that a repeat of the same request finds what it stored. A stream that has begun has no limit.
 */
@Injectable()
export class AnswerLimit implements NestInterceptor {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { answerLimitMs } = this.settings;
    const { raw } = context.switchToHttp().getResponse<FastifyReply>();
    const late = () =>
      new Unavailable(
        'store-unavailable',
        `no answer within ${answerLimitMs} ms: the event store or the database does not respond; send the same request again`,
      );
    return race(next.handle(), timer(answerLimitMs).pipe(mergeMap(() => (raw.headersSent ? NEVER : throwError(late)))));
  }
}
