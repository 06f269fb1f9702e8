import {
  applyDecorators,
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
import { MIN_POSITION, WaitsForPosition } from '../http/min-position.js';
import { POSITION_RULE, positionOf } from '../http/position-text.js';
import type { GatehouseRequest } from '../http/request-context.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, PositionGone } from '../kernel/errors.js';
import type { Settings } from '../platform/configuration/settings.js';
import { EVENT_STORE, SETTINGS } from '../platform/ports.js';
import type { View } from '../projections/view.js';
import { ViewReader } from '../projections/view-reader.js';

const VIEWS = 'gatehouse:views';

// biome-ignore lint/suspicious/noExplicitAny: each view has a row of its own
type AnyView = View<any> | View<never>;

/**
 * Declares the views that the answer of a route comes from: it waits until they have reached the `minPosition` of the
 * request. An answer without a `position` gets theirs.
 */
export const FromViews = (...views: readonly [AnyView, ...AnyView[]]) => from(views);

/** Declares that the answer of a route comes from the log itself, so that it includes every write; it names its `position`. */
export const FromLog = () => from([]);

const from = (views: readonly AnyView[]) =>
  applyDecorators(SetMetadata(VIEWS, views), WaitsForPosition(views.length > 0));

/** Adds `position` to the answers of views, once they have reached the `minPosition` of the request. */
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
    const views: readonly AnyView[] | undefined = Reflect.getMetadata(VIEWS, context.getHandler());
    if (!views) return next.handle();
    const least = this.leastOf(context.switchToHttp().getRequest<GatehouseRequest>());
    if (least !== undefined) await this.reached(views, least);
    if (views.length === 0) return next.handle();
    // Read first, so that the answer is at least that new.
    const positions = await Promise.all(views.map((view) => this.reader.position(view)));
    const position = String(Math.min(...positions));
    return next.handle().pipe(map((answer: object) => ({ position, ...answer })));
  }

  /** Takes the parameter from the request, whose other parameters the route declares itself. */
  private leastOf({ query }: Pick<GatehouseRequest, 'query'>): Position | undefined {
    const given = query as Record<string, unknown> | undefined;
    const text = given?.[MIN_POSITION];
    if (text === undefined) return undefined;
    delete given![MIN_POSITION];
    if (typeof text === 'string') return positionOf(text, MIN_POSITION, this.epoch.current);
    throw new InvalidInput([{ field: MIN_POSITION, message: `${POSITION_RULE}, once` }]);
  }

  private async reached(views: readonly AnyView[], position: Position): Promise<void> {
    if (position > (await this.store.head())) throw new PositionGone(String(position), this.epoch.current);
    await Promise.all(views.map((view) => this.reader.reached(view, position, this.settings.decisionWaitMs)));
  }
}
