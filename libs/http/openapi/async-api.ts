import { BATCHED, STRUCTURED } from '../../events/cloud-event.js';
import { incomingExample, incomingSchema, outgoingExample, outgoingSchema } from '../../events/cloud-event-schemas.js';
import type { EventDefinition } from '../../events/event-definition.js';
import type { ApiDescription } from './api-description.js';
import { kafkaChannels, type Topics } from './kafka-channels.js';

const ADDRESS = '/v1/events';

interface EventChannel {
  channel: string;
  /** Appended to the name of a message, since one type has a message per channel. */
  suffix: string;
  events: readonly EventDefinition[];
  schema(definition: EventDefinition): unknown;
  example(definition: EventDefinition): unknown;
}

/** The AsyncAPI 3.0 document of the event catalogue. */
export function asyncApiDocument(
  { title, version, licence, events: { incoming, outgoing }, introduction }: ApiDescription,
  topics: Topics,
) {
  const kafka = kafkaChannels(topics, incoming, outgoing);
  const into: EventChannel = {
    channel: 'eventsIn',
    suffix: 'In',
    events: incoming,
    schema: incomingSchema,
    example: incomingExample,
  };
  const out: EventChannel = {
    channel: 'eventsOut',
    suffix: 'Out',
    events: outgoing,
    schema: outgoingSchema,
    example: outgoingExample,
  };
  const document = {
    asyncapi: '3.0.0',
    info: { title, version, description: introduction.asyncApi, license: licence },
    defaultContentType: STRUCTURED,
    servers: {
      gatehouse: {
        host: '{host}',
        protocol: 'http',
        description: 'The HTTP API.',
        variables: {
          host: { default: '127.0.0.1:8080', description: 'The address of Gatehouse, or of a proxy in front of it.' },
        },
        security: [{ $ref: '#/components/securitySchemes/bearer' }],
      },
      kafka: kafka.server,
    },
    channels: {
      eventsIn: channel(
        into,
        'Events from other systems',
        `One event (${STRUCTURED}), a batch (${BATCHED}), or binary mode.`,
      ),
      eventsOut: channel(
        out,
        'The public feed',
        'Server-Sent Events with the position as their id, or pages after a position. A reconnect with Last-Event-ID continues without gaps or repeats.',
      ),
      ...kafka.channels,
    },
    operations: {
      takeEvents: operation(
        'receive',
        'POST',
        into,
        'Receives events; the response reports each event once it is stored.',
      ),
      publishEvents: operation('send', 'GET', out, 'Sends the public events in the order of the log.'),
      ...kafka.operations,
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      messages: { ...messages(into), ...messages(out), ...kafka.messages },
    },
  };
  return JSON.parse(JSON.stringify(document));
}

const channel = ({ events, suffix }: EventChannel, title: string, description: string) => ({
  address: ADDRESS,
  title,
  description,
  servers: [{ $ref: '#/servers/gatehouse' }],
  messages: Object.fromEntries(events.map(({ type }) => [type, { $ref: `#/components/messages/${type}${suffix}` }])),
});

const operation = (
  action: 'receive' | 'send',
  method: string,
  { channel: name, events }: EventChannel,
  summary: string,
) => ({
  action,
  summary,
  channel: { $ref: `#/channels/${name}` },
  messages: events.map(({ type }) => ({ $ref: `#/channels/${name}/messages/${type}` })),
  bindings: { http: { method, bindingVersion: '0.3.0' } },
});

const messages = ({ events, suffix, schema, example }: EventChannel) =>
  Object.fromEntries(
    events.map((definition) => [
      `${definition.type}${suffix}`,
      {
        name: definition.type,
        title: definition.type,
        summary: definition.summary,
        contentType: STRUCTURED,
        payload: schema(definition),
        examples: [{ payload: example(definition) }],
      },
    ]),
  );
