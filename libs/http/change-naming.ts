import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { catchError, from, mergeMap, type Observable, throwError } from 'rxjs';
import type { EventStore } from '../event-store/event-store.js';
import type { Actor } from '../kernel/envelope.js';
import { EVENT_STORE } from '../platform/ports.js';
import { ChangedMeanwhile } from './if-match.js';
import { contextOf, type GatehouseRequest } from './request-context.js';

/** Names the last change in the refusal of one whose sender did not know it: who made it, when, and by which event. */
@Injectable()
export class ChangeNaming implements NestInterceptor {
  constructor(@Inject(EVENT_STORE) private readonly store: Pick<EventStore, 'readAll'>) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { actor } = contextOf(context.switchToHttp().getRequest<GatehouseRequest>());
    return next
      .handle()
      .pipe(
        catchError((error: unknown) =>
          error instanceof ChangedMeanwhile
            ? from(this.named(error, actor)).pipe(mergeMap((named) => throwError(() => named)))
            : throwError(() => error),
        ),
      );
  }

  /** Other systems don't learn who decided. The refusal holds also if the event can't be read. */
  async named(error: ChangedMeanwhile, { role }: Pick<Actor, 'role'>): Promise<ChangedMeanwhile> {
    if (error.position === 0 || role === 'service') return error;
    try {
      const { events } = await this.store.readAll(error.position, { including: true, limit: 1 });
      const [last] = events;
      return last?.position === error.position ? error.naming(last) : error;
    } catch {
      return error;
    }
  }
}
