import { Type } from 'typebox';
import { BATCHED, STRUCTURED } from '../../../../libs/events/cloud-event.js';
import {
  incomingExample,
  incomingSchema,
  outgoingExample,
  outgoingSchema,
} from '../../../../libs/events/cloud-event-schemas.js';
import {
  actor,
  closed,
  count,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../../../libs/http/openapi/answer-schemas.js';
import { MAX_BATCH } from '../../../../libs/ingest/http/cloud-events-request.js';
import { catalogue } from '../../../composition/catalogue.js';
import { json, type OperationGroup } from '../operation.js';

const { incoming, outgoing } = catalogue;

const anyIncoming = Type.Union(incoming.map(incomingSchema), {
  description: 'One event, by its type: see the event messages.',
});
const batch = Type.Array(anyIncoming, { minItems: 1, maxItems: MAX_BATCH, description: `Up to ${MAX_BATCH} events.` });
const anyOutgoing = Type.Union(outgoing.map(outgoingSchema), { description: 'One event, by its type.' });
const example = incomingExample(incoming.find(({ type }) => type === 'ImageGenerated')!);

const replayed = {
  id: orNull(text('As the sender gave it.')),
  source: orNull(text('As the sender gave it.')),
  outcome: oneOf(['accepted', 'duplicate', 'quarantined'], 'What became of it.'),
  position: Type.Optional(position('Where it stands in the log.')),
  reason: Type.Optional(text('Why it was not taken, in kebab-case.')),
  field: Type.Optional(text('The attribute that was wrong, or a JSON Pointer that starts with /data.')),
  detail: Type.Optional(text('What was wrong and what to do.')),
};
const result = closed({
  ...replayed,
  quarantineId: Type.Optional(
    Type.String({ format: 'uuid', description: 'Where it is kept until its cause is mended.' }),
  ),
});
const pageFields = {
  next: position('Give it as `after` for the next page.'),
  atHead: Type.Boolean({ description: 'Whether nothing more is there for now.' }),
};
const entryFields = {
  id: Type.String({ format: 'uuid', description: 'The entry.' }),
  channel: text('Where it came in.'),
  actor: text('Who sent it.'),
  eventId: orNull(text('As the sender gave it.')),
  source: orNull(text('As the sender gave it.')),
  type: orNull(text('As the sender gave it.')),
  reason: text('Why it was not taken, in kebab-case.'),
  field: text('What was wrong.'),
  detail: text('What was wrong and what to do.'),
  bytes: count('Its size.'),
  seen: count('How often the same bytes came in.'),
  status: oneOf(['waiting', 'replayed'], 'Whether it was taken since.'),
  firstSeenAt: instant('When it came in first.'),
  lastSeenAt: instant('When it came in last.'),
};
const recorded = closed({
  position: position('Place in the one order of all events.'),
  id: Type.String({ format: 'uuid', description: 'Its identity.' }),
  type: text('Its type.'),
  data: Type.Record(Type.String(), Type.Unknown(), { description: 'As stored: personal fields are sealed.' }),
  metadata: Type.Object(
    { actor },
    { description: 'Source, subject, time, schema version, correlation, trace, actor.' },
  ),
  stream: text('The stream it stands on.'),
  revision: count('Place in that stream, from 0.'),
  recordedAt: instant('When it was stored.'),
});
const types = 'Event types, separated by commas.';

export const eventOperations: OperationGroup = {
  name: 'Events',
  description: 'CloudEvents 1.0 in and out. `/asyncapi.json` describes every message.',
  operations: {
    'POST /v1/events': {
      id: 'sendEvents',
      summary: 'Takes one CloudEvent or a batch and answers for each, in order, once all of it is stored',
      description: `Structured (\`${STRUCTURED}\`), batched (\`${BATCHED}\`, up to ${MAX_BATCH}) and binary mode (attributes in \`ce-\` headers, data as the body); plain \`application/json\` is taken for structured or batched by its shape. Sending again is safe. An event that can’t be taken is kept in quarantine and its neighbours are not affected.`,
      headers: {
        'ce-specversion': { schema: Type.Literal('1.0'), description: 'Of binary mode, as every other `ce-` header.' },
        'ce-id': { schema: Type.String(), description: 'The event’s id in binary mode.' },
        'ce-source': { schema: Type.String(), description: 'The event’s source in binary mode.' },
        'ce-type': {
          schema: Type.Enum(incoming.map(({ type }) => type)),
          description: 'The event’s type in binary mode.',
        },
        'ce-time': { schema: Type.String({ format: 'date-time' }), description: 'When it happened, in binary mode.' },
      },
      body: {
        [STRUCTURED]: { name: 'IncomingEvent', schema: anyIncoming, example },
        [BATCHED]: { name: 'IncomingBatch', schema: batch, example: [example] },
        'application/json': {
          schema: Type.Union([anyIncoming, batch, Type.Record(Type.String(), Type.Unknown())], {
            description: 'An event, a batch, or in binary mode the data of an event.',
          }),
          example,
        },
      },
      answers: {
        202: json('EventResults', 'What became of each event.', closed({ results: list(result, 'In order.') }), {
          results: [{ id: 'ImageGenerated-1', source: '/image-service', outcome: 'accepted', position: '1042' }],
        }),
      },
      refusals: { 413: ['batch-too-large', 'body-too-large', 'write-too-large'], 415: ['unsupported-media-type'] },
    },
    'GET /v1/events': {
      id: 'readFeed',
      summary: 'The public events in the log’s order: a page after a position, or an endless stream',
      description:
        'With `Accept: text/event-stream` events come as they happen, as Server-Sent Events; a reconnect with Last-Event-ID goes on with neither gap nor repeat. Personal fields are left out.',
      fields: {
        after: 'Only events after this position; from the beginning by default.',
        types: `${types} All seven of the contract by default.`,
        limit: 'Events at the most; 500 by default.',
      },
      headers: {
        'last-event-id': {
          schema: Type.String({ pattern: '^\\d{1,16}$' }),
          description: 'The id of the last message seen; browsers send it by themselves.',
        },
      },
      answers: {
        200: {
          description: 'A page, or the stream.',
          content: {
            'application/json': {
              name: 'EventPage',
              schema: closed({ events: list(anyOutgoing, 'In the log’s order.'), ...pageFields }),
              example: {
                events: [outgoingExample(outgoing.find(({ type }) => type === 'ImageShared')!)],
                next: '1042',
                atHead: true,
              },
            },
            'text/event-stream': {
              schema: Type.String({
                description: 'Messages with the position as `id`, the type as `event`, the CloudEvent as `data`.',
              }),
            },
          },
        },
      },
    },
    'GET /v1/log': {
      id: 'readLog',
      summary: 'Every recorded event as it is stored, by position, by stream or by type',
      fields: {
        after: 'After this position; with `stream`, from this revision on.',
        stream: 'One stream, like `account-…`, `case-…` or `rollout`.',
        types,
        limit: 'Events at the most; 200 by default.',
      },
      answers: {
        200: json('LogPage', 'A page of the log.', closed({ events: list(recorded, 'The events.'), ...pageFields })),
      },
    },
    'GET /v1/quarantine': {
      id: 'listQuarantine',
      summary: 'What came in and could not be taken, oldest first',
      fields: { status: 'Entries of every status where it is absent.' },
      answers: {
        200: json(
          'QuarantinePage',
          'A page of entries.',
          closed({
            items: list(closed(entryFields), 'The entries.'),
            nextCursor: Type.Optional(text('Give it as `cursor` for the next page.')),
            waiting: Type.Record(Type.String(), Type.Integer(), { description: 'How many wait, by reason.' }),
          }),
        ),
      },
    },
    'GET /v1/quarantine/{id}': {
      id: 'showQuarantineEntry',
      summary: 'One entry with its raw bytes',
      fields: { id: 'The entry.' },
      answers: {
        200: json(
          'QuarantineEntry',
          'The entry.',
          closed({
            ...entryFields,
            raw: Type.Optional(text('The bytes, where they are UTF-8.')),
            rawBase64: Type.Optional(text('The bytes otherwise.')),
          }),
        ),
      },
      refusals: { 404: ['quarantine-entry-unknown'] },
    },
    'POST /v1/quarantine/{id}/replay': {
      id: 'replayQuarantineEntry',
      summary: 'Tries an entry again, once its cause is mended: it is taken, or stays with the reason it has now',
      fields: { id: 'The entry.' },
      answers: {
        200: json(
          'ReplayResult',
          'What became of it.',
          closed({ ...replayed, id: Type.Optional(replayed.id), source: Type.Optional(replayed.source) }),
        ),
      },
      refusals: { 404: ['quarantine-entry-unknown'] },
    },
  },
};
