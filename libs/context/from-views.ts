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
import { AS_OF, HasAsOf } from '../http/as-of.js';
import type { Role } from '../http/credentials/principal.js';
import { MIN_POSITION, WaitsForPosition } from '../http/min-position.js';
import { earlierMomentOf, MOMENT_RULE } from '../http/moment.js';
import { POSITION_RULE, positionOf } from '../http/position-text.js';
import { contextOf, type GatehouseRequest } from '../http/request-context.js';
import type { Clock } from '../kernel/clock.js';
import { asOfMoment, type EarlierMoment } from '../kernel/earlier-moment.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, PositionGone } from '../kernel/errors.js';
import type { Settings } from '../platform/configuration/settings.js';
import { CLOCK, EVENT_STORE, SETTINGS } from '../platform/ports.js';
import { EarlierViews } from '../projections/earlier-views.js';
import type { View } from '../projections/view.js';
import { ViewReader } from '../projections/view-reader.js';
import { Catalogue } from './catalogue.js';

const VIEWS = 'gatehouse:views';
const AS_OF_OPTIONS = 'gatehouse:as-of-options';

// biome-ignore lint/suspicious/noExplicitAny: each view has a row of its own
type AnyView = View<any> | View<never>;

/**
 * Declares the views that the answer of a route comes from: it waits until they have reached the `minPosition` of the
 * request. An answer without a `position` gets theirs.
 */
export const FromViews = (...views: readonly [AnyView, ...AnyView[]]) => from(views);

/** Declares that the answer of a route comes from the log itself, so that it includes every write; it names its `position`. */
export const FromLog = () => from([]);

interface AsOfOptions {
  /** Views that the answer comes from beside those of `FromViews`; by name if the context must not know them. */
  views?: readonly (AnyView | string)[];
  /** Roles that only read the present. */
  notFor?: readonly Role[];
}

/**
 * Declares that a route with `FromViews` or `FromLog` answers as of a moment: its handler then finds the log, those views and
 * the clock as they were, whatever it reads through the ports. Other tables, and what a process remembers, stay as they are.
 */
export const AsOf = (options: AsOfOptions = {}) =>
  applyDecorators(SetMetadata(AS_OF_OPTIONS, options), HasAsOf(options.views !== undefined));

const from = (views: readonly AnyView[]) =>
  applyDecorators(SetMetadata(VIEWS, views), WaitsForPosition(views.length > 0));

/**
 * Adds `position` to the answers of views, once they have reached the `minPosition` of the request, and lets handlers answer
 * as of its `asOf`.
 */
@Injectable()
export class ViewPositions implements NestInterceptor {
  constructor(
    @Inject(ViewReader) private readonly reader: ViewReader,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(Catalogue) private readonly catalogue: Pick<Catalogue, 'views'>,
    @Inject(EarlierViews) private readonly earlier: EarlierViews,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {}

  /** @throws InvalidInput, PositionGone, NotCaughtUp */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const views: readonly AnyView[] | undefined = Reflect.getMetadata(VIEWS, context.getHandler());
    if (!views) return next.handle();
    const request = context.switchToHttp().getRequest<GatehouseRequest>();
    const options: AsOfOptions | undefined = Reflect.getMetadata(AS_OF_OPTIONS, context.getHandler());
    const least = taken(request, MIN_POSITION, POSITION_RULE);
    const asOf = options && taken(request, AS_OF, MOMENT_RULE);
    if (least !== undefined) await this.reached(views, positionOf(least, MIN_POSITION, this.epoch.current));
    if (asOf !== undefined) {
      const moment = await this.momentOf(asOf, request, views, options!);
      return asOfMoment(moment, () => next.handle()).pipe(positioned(moment.position));
    }
    if (views.length === 0) return next.handle();
    // Read first, so that the answer is at least that new.
    const positions = await Promise.all(views.map((view) => this.reader.position(view)));
    return next.handle().pipe(positioned(Math.min(...positions)));
  }

  private async momentOf(
    asOf: string,
    request: GatehouseRequest,
    views: readonly AnyView[],
    { views: further = [], notFor = [] }: AsOfOptions,
  ): Promise<EarlierMoment> {
    const { role } = contextOf(request).actor;
    const named = further.map((view) => (typeof view === 'string' ? this.viewOf(view) : view));
    const all = [...new Set([...views, ...named])] as unknown as readonly View[];
    // Each position that is new is a replay of the log, and a program can ask for thousands.
    const isForPeople = role === 'service' && all.length > 0;
    if (isForPeople || notFor.some((one) => one === role))
      throw new InvalidInput([{ field: AS_OF, message: `is not for the role ${role}: leave it out for the present` }]);
    const { store, clock, epoch } = this;
    const moment = await earlierMomentOf(asOf, AS_OF, { store, clock, epoch: epoch.current });
    return { ...moment, views: all.length === 0 ? new Map() : await this.earlier.schemasAt(all, moment.position) };
  }

  private viewOf(name: string): AnyView {
    const view = this.catalogue.views.find((one) => one.name === name);
    if (!view) throw new Error(`there is no view ${name}: correct the AsOf of the route`);
    return view;
  }

  private async reached(views: readonly AnyView[], position: Position): Promise<void> {
    if (position > (await this.store.head())) throw new PositionGone(String(position), this.epoch.current);
    await Promise.all(views.map((view) => this.reader.reached(view, position, this.settings.decisionWaitMs)));
  }
}

const positioned = (position: Position) => map((answer: object) => ({ position: String(position), ...answer }));

/** Takes a parameter from the request, whose other parameters the route declares itself. */
function taken({ query }: Pick<GatehouseRequest, 'query'>, name: string, rule: string): string | undefined {
  const given = query as Record<string, unknown> | undefined;
  const text = given?.[name];
  if (text === undefined) return undefined;
  delete given![name];
  if (typeof text === 'string') return text;
  throw new InvalidInput([{ field: name, message: `${rule}, once` }]);
}
