import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import type { EventStore } from '../event-store/event-store.js';
import { LogEpoch } from '../event-store/log-epoch.js';
import { positionOf } from '../http/position-text.js';
import type { GatehouseRequest } from '../http/request-context.js';
import type { Position } from '../kernel/envelope.js';
import { PositionGone } from '../kernel/errors.js';
import type { Settings } from '../platform/configuration/settings.js';
import { EVENT_STORE, SETTINGS } from '../platform/ports.js';
import type { View } from '../projections/view.js';
import { ViewReader } from '../projections/view-reader.js';

const VIEWS = 'gatehouse:views';

// biome-ignore lint/suspicious/noExplicitAny: each view has a row of its own
type AnyView = View<any> | View<never>;

/** Declares the views that the page of a route comes from: its answer has their position, and waits for `minPosition`. */
export const FromViews = (...views: AnyView[]) => SetMetadata(VIEWS, views);

/** Adds `position` to the pages of views, once they have reached the `minPosition` of the request. */
@Injectable()
export class ViewPositions implements NestInterceptor {
  constructor(
    @Inject(ViewReader) private readonly reader: ViewReader,
    @Inject(EVENT_STORE) private readonly store: Pick<EventStore, 'head'>,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {}

  /** @throws InvalidInput, PositionGone, NotCaughtUp */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const views: AnyView[] | undefined = Reflect.getMetadata(VIEWS, context.getHandler());
    if (!views) return next.handle();
    const { minPosition } = context.switchToHttp().getRequest<GatehouseRequest>().query as { minPosition?: unknown };
    // Anything else is refused with the other parameters.
    if (typeof minPosition === 'string')
      await this.reached(views, positionOf(minPosition, 'minPosition', this.epoch.current));
    // Read first, so that the page is at least that new.
    const positions = await Promise.all(views.map((view) => this.reader.position(view)));
    const position = String(Math.min(...positions));
    return next.handle().pipe(map((page: object) => ({ ...page, position })));
  }

  private async reached(views: readonly AnyView[], position: Position): Promise<void> {
    if (position > (await this.store.head())) throw new PositionGone(String(position), this.epoch.current);
    await Promise.all(views.map((view) => this.reader.reached(view, position, this.settings.decisionWaitMs)));
  }
}
