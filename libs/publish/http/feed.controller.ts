import { Controller, Get, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import { Type as Transform } from 'class-transformer';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Page } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { eventUnion, outgoingExample, outgoingSchema } from '../../events/cloud-event-schemas.js';
import { EventSchemas } from '../../events/event-schemas.js';
import { Authenticator } from '../../http/credentials/authenticator.js';
import { lastingAdmission } from '../../http/credentials/lasting-admission.js';
import { Roles } from '../../http/credentials/route-access.js';
import { Draining } from '../../http/draining.js';
import { IsInteger, Means } from '../../http/field-rules.js';
import { closed, list } from '../../http/openapi/answer-schemas.js';
import type { ApiEvents } from '../../http/openapi/api-description.js';
import { Operation, type OperationText } from '../../http/openapi/operation.js';
import { POSITION_RULE, positionOf, readFromGiven } from '../../http/position-text.js';
import { preferredType } from '../../http/preferred.js';
import type { GatehouseRequest } from '../../http/request-context.js';
import { isUsable } from '../../kernel/decider.js';
import { InvalidInput } from '../../kernel/errors.js';
import { GIVEN_POSITION } from '../../kernel/text-forms.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { toCloudEvent } from '../outgoing-event.js';
import { EVENT_TYPES, pageFields } from './event-pages.js';
import { sendEventStream } from './event-stream.js';

const DEFAULT_LIMIT = 500;
const EVENT_STREAM = 'text/event-stream';

export class FeedQuery {
  @IsOptional()
  @Matches(new RegExp(GIVEN_POSITION), { message: POSITION_RULE })
  @Means('Only events after this position, digits or `EPOCH-digits`; from the beginning by default.')
  after?: string;

  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Means(`${EVENT_TYPES} All public ones by default.`)
  types?: string;

  @IsOptional()
  @Transform(() => Number)
  @IsInteger('Maximum number of events; 500 by default.', 1, 2000)
  limit?: number;
}

function documentation({ outgoing }: ApiEvents): OperationText {
  const event = eventUnion('PublishedEvent', outgoing, outgoingSchema, 'One event, by its type.');
  return {
    description:
      'If `Accept` prefers `text/event-stream`, events come as they happen, as Server-Sent Events without names: in a browser `onmessage` receives each, and its type is in its data. A reconnect with Last-Event-ID continues with neither gap nor repeat, and is answered 410 after a restore of the log. The stream ends when its credential is no longer valid. A browser’s `EventSource` can’t send the credential: use `fetch` and read the stream of its response. Personal fields are left out.',
    headers: {
      'last-event-id': {
        schema: Type.String({ pattern: GIVEN_POSITION }),
        description: 'The id of the last message seen; browsers send it by themselves.',
      },
    },
    refusals: { 410: ['position-gone'] },
    answer: {
      description: 'A page, or the stream.',
      content: {
        'application/json': {
          name: 'EventPage',
          schema: closed({ events: list(event, 'In the log’s order.'), ...pageFields }),
          example: { events: outgoing.slice(0, 1).map(outgoingExample), next: '1042', atHead: true },
        },
        [EVENT_STREAM]: {
          schema: Type.String({
            description: 'Messages with `EPOCH-position` as `id` and the CloudEvent as `data`.',
          }),
        },
      },
    },
  };
}

@Controller('v1/events')
export class FeedController {
  private readonly published: readonly string[];

  constructor(
    @Inject(LogTail) private readonly log: LogTail,
    @Inject(EventSchemas) private readonly schemas: EventSchemas,
    @Inject(Draining) private readonly draining: Draining,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {
    this.published = schemas.publishedTypes;
  }

  @Get()
  @Roles('service', 'operator', 'compliance', 'administrator')
  @Operation('The public events in the log’s order: a page after a position, or an endless stream', documentation)
  async readFeed(
    @Query() query: FeedQuery,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: GatehouseRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const types = this.typesOf(query.types);
    const limit = query.limit ?? DEFAULT_LIMIT;
    const epoch = this.epoch.current;
    if (request.method === 'HEAD' || preferredType(accept, ['application/json', EVENT_STREAM]) !== EVENT_STREAM) {
      const after = query.after ? positionOf(query.after, 'after', epoch) : 0;
      const page = await readFromGiven(epoch, () => this.log.readAll(after, { types, limit }));
      return {
        events: page.events.filter(isUsable).map((event) => toCloudEvent(event, this.schemas, epoch)),
        next: String(page.next),
        atHead: page.atHead,
      };
    }
    const from = lastEventId || query.after;
    const after = from ? positionOf(from, lastEventId ? 'Last-Event-ID' : 'after', epoch) : 0;
    // An open stream has no status left that could report it.
    await readFromGiven(epoch, () => this.log.readAll(after, { limit: 1 }));
    const stop = new AbortController();
    this.draining.signal.addEventListener('abort', () => stop.abort(), { once: true, signal: stop.signal });
    if (this.draining.signal.aborted) stop.abort();
    const pages = this.log.subscribe(after, { types, limit, signal: stop.signal });
    const outgoing = (page: Page) =>
      page.events.filter(isUsable).map((event) => toCloudEvent(event, this.schemas, epoch));
    const isAdmitted = lastingAdmission(this.authenticator, request);
    // In another epoch the client has to start again; it learns that when it reconnects.
    const mayGoOn = async () => this.epoch.current === epoch && (await isAdmitted());
    await sendEventStream(reply, { pages, outgoing, epoch, mayGoOn }, stop);
    return reply;
  }

  private typesOf(text: string | undefined): readonly string[] {
    if (text === undefined) return this.published;
    const types = text.split(',').map((type) => type.trim());
    const unknown = types.filter((type) => !this.published.includes(type));
    if (unknown.length === 0) return types;
    const message = `${unknown.join(', ')} is not a public event; choose from ${this.published.join(', ')}`;
    throw new InvalidInput([{ field: 'types', message }]);
  }
}
