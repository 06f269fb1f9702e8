import { Controller, HttpCode, Inject, Post, type RawBodyRequest, Req } from '@nestjs/common';
import { type Static, Type } from 'typebox';
import { BATCHED, STRUCTURED } from '../../events/cloud-event.js';
import { eventUnion, incomingExample, incomingSchema } from '../../events/cloud-event-schemas.js';
import { SENDERS } from '../../http/credentials/principal.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AnyNames } from '../../http/http-adapter.js';
import { closed, list } from '../../http/openapi/answer-schemas.js';
import type { ApiEvents } from '../../http/openapi/api-description.js';
import { answer, Operation, type OperationText } from '../../http/openapi/operation.js';
import { Context, type GatehouseRequest } from '../../http/request-context.js';
import { EventResultAnswer, eventResultAnswer } from '../event-result.js';
import { Ingest } from '../ingest.js';
import { eventsOf, MAX_BATCH } from './cloud-events-request.js';
import { originalBytes } from './original-bytes.js';

const CHANNEL = 'http';

const EventResultsAnswer = closed({ results: list(EventResultAnswer, 'In order.') });
export type EventResultsAnswer = Static<typeof EventResultsAnswer>;

function documentation({ incoming }: ApiEvents): OperationText<EventResultsAnswer> {
  const one = eventUnion('IncomingEvent', incoming, incomingSchema, 'One event, by its type: see the event messages.');
  const batch = Type.Array(one, { maxItems: MAX_BATCH, description: `Up to ${MAX_BATCH} events.` });
  const [example] = incoming.filter(({ fact }) => fact !== undefined).map(incomingExample);
  return {
    description: `Structured (\`${STRUCTURED}\`), batched (\`${BATCHED}\`, up to ${MAX_BATCH}) and binary mode (attributes in \`ce-\` headers, data as the body, of type \`application/json\`, \`application/*+json\` or none); plain \`application/json\` is read as structured or batched by its shape. Sending again is safe. An event that is not accepted is kept in quarantine and its neighbours are not affected.`,
    headers: {
      'ce-specversion': { schema: Type.String(), description: '`1.0`. Only in binary mode, like every `ce-` header.' },
      'ce-id': { schema: Type.String(), description: 'The event’s id in binary mode.' },
      'ce-source': { schema: Type.String(), description: 'The event’s source in binary mode.' },
      'ce-type': {
        schema: Type.Enum(incoming.map(({ type }) => type)),
        description: 'The event’s type in binary mode.',
      },
      'ce-time': { schema: Type.String(), description: 'When it happened (RFC 3339), in binary mode.' },
    },
    body: {
      [STRUCTURED]: { schema: one, example },
      [BATCHED]: { name: 'IncomingBatch', schema: batch, example: example && [example] },
      'application/json': {
        schema: Type.Unknown({ description: 'An event, a batch, or in binary mode the data of an event.' }),
        example,
      },
    },
    answer: answer('EventResults', 'The result of each event.', EventResultsAnswer, {
      results: [{ id: 'ImageGenerated-1', source: '/image-service', outcome: 'accepted', position: '1042' }],
    }),
    refusals: {
      413: ['batch-too-large', 'body-too-large'],
      503: ['too-busy', 'not-caught-up'],
    },
  };
}

@Controller('v1/events')
export class IngestController {
  constructor(@Inject(Ingest) private readonly ingest: Ingest) {}

  @Post()
  @HttpCode(202)
  @AnyNames()
  @Roles(...SENDERS)
  @Operation(
    'Accepts one CloudEvent or a batch and answers for each, in order, once all of it is stored',
    documentation,
  )
  async sendEvents(
    @Req() request: RawBodyRequest<GatehouseRequest>,
    @Context() context: Context,
  ): Promise<EventResultsAnswer> {
    const events = eventsOf(request);
    const originals = () => originalBytes(request, events);
    const results = await this.ingest.accept(events, context, CHANNEL, originals, request.principal?.binding);
    return { results: results.map(eventResultAnswer) };
  }
}
