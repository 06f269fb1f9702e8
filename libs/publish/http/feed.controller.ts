import { Controller, Get, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import type { FastifyReply } from 'fastify';
import type { Page } from '../../event-store/event-store.js';
import { EventSchemas } from '../../events/event-schemas.js';
import { Authenticator } from '../../http/credentials/authenticator.js';
import { lastingAdmission } from '../../http/credentials/lasting-admission.js';
import { Roles } from '../../http/credentials/route-access.js';
import { Draining } from '../../http/draining.js';
import { positionOf } from '../../http/position-text.js';
import type { GatehouseRequest } from '../../http/request-context.js';
import { InvalidInput } from '../../kernel/errors.js';
import { POSITION } from '../../kernel/text-forms.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { toCloudEvent } from '../outgoing-event.js';
import { sendEventStream } from './event-stream.js';

const DEFAULT_LIMIT = 500;

export class FeedQuery {
  /** Only events after this position; from the beginning by default. */
  @IsOptional()
  @Matches(new RegExp(POSITION), { message: 'must be a position, digits only' })
  after?: string;

  /** Event types, separated by commas; all seven of the contract by default. */
  @IsOptional()
  @IsString()
  @MaxLength(500)
  types?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(2000)
  limit?: number;
}

@Controller('v1/events')
export class FeedController {
  private readonly contract: readonly string[];

  constructor(
    @Inject(LogTail) private readonly log: LogTail,
    @Inject(EventSchemas) private readonly schemas: EventSchemas,
    @Inject(Draining) private readonly draining: Draining,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
  ) {
    this.contract = schemas.contractTypes;
  }

  /**
   * The public events, as CloudEvents in the log's order: a page after a position, or with `Accept: text/event-stream` an
   * stream that a reconnect with Last-Event-ID continues: endless, but for a credential that is no longer in force.
   */
  @Get()
  @Roles('service', 'operator', 'compliance', 'administrator')
  async read(
    @Query() query: FeedQuery,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: GatehouseRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const types = this.typesOf(query.types);
    const limit = query.limit ?? DEFAULT_LIMIT;
    if (request.method === 'HEAD' || !accept?.includes('text/event-stream')) {
      const page = await this.log.readAll(query.after ? positionOf(query.after, 'after') : 0, { types, limit });
      return {
        events: page.events.map((event) => toCloudEvent(event, this.schemas)),
        next: String(page.next),
        atHead: page.atHead,
      };
    }
    const from = lastEventId || query.after;
    const after = from ? positionOf(from, lastEventId ? 'Last-Event-ID' : 'after') : 0;
    const stop = new AbortController();
    this.draining.signal.addEventListener('abort', () => stop.abort(), { once: true, signal: stop.signal });
    if (this.draining.signal.aborted) stop.abort();
    const pages = this.log.subscribe(after, { types, limit, signal: stop.signal });
    const outgoing = (page: Page) => page.events.map((event) => toCloudEvent(event, this.schemas));
    await sendEventStream(reply, pages, outgoing, lastingAdmission(this.authenticator, request), stop);
    return reply;
  }

  private typesOf(text: string | undefined): readonly string[] {
    if (text === undefined) return this.contract;
    const types = text.split(',').map((type) => type.trim());
    const strange = types.filter((type) => !this.contract.includes(type));
    if (strange.length === 0) return types;
    const message = `${strange.join(', ')} is not a public event; choose from ${this.contract.join(', ')}`;
    throw new InvalidInput([{ field: 'types', message }]);
  }
}
