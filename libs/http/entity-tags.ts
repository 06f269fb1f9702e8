import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type Observable, tap } from 'rxjs';

/** Sends the `etag` of an answer as its header `ETag` too. */
@Injectable()
export class EntityTags implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap((answer) => {
        if (hasTag(answer)) reply.header('etag', answer.etag);
      }),
    );
  }
}

const hasTag = (answer: unknown): answer is { etag: string } =>
  typeof answer === 'object' && answer !== null && 'etag' in answer && typeof answer.etag === 'string';
