import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type Observable, tap } from 'rxjs';

const LOCATION = 'gatehouse:location';
const FIELD = /\{(\w+)\}/g;

class LocationInterceptor implements NestInterceptor {
  constructor(private readonly template: string) {}

  intercept(context: ExecutionContext, next: CallHandler<Record<string, string>>): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(tap((answer) => void reply.header('location', this.of(answer))));
  }

  private of(answer: Record<string, string>): string {
    return this.template.replace(FIELD, (_, field: string) => encodeURIComponent(answer[field]!));
  }
}

/**
 * Names what was created, or where its progress is shown, in the header Location.
 * @param template a path with fields of the answer, like `/v1/tokens/{id}`
 */
export const Located = (template: string) =>
  applyDecorators(SetMetadata(LOCATION, template), UseInterceptors(new LocationInterceptor(template)));

/** The template of a handler, if it has one. */
export const locationOf = (handler: object): string | undefined => Reflect.getMetadata(LOCATION, handler);
