import { BATCHED, STRUCTURED } from '../../events/cloud-event.js';
import { incomingExample, incomingSchema, outgoingExample, outgoingSchema } from '../../events/cloud-event-schemas.js';
import type { EventDefinition } from '../../events/event-definition.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { ApiDescription } from './api-description.js';
import { kafkaMessage } from './kafka-message.js';
import { portableDocument } from './portable-document.js';

type Topics = Pick<Settings, 'kafkaFactsTopic' | 'kafkaTypeTopics' | 'kafkaEventsTopic'>;

interface EventChannel {
  name: string;
  server: 'gatehouse' | 'kafka';
  address: string;
  title: string;
  description: string;
  events: readonly EventDefinition[];
  /** Appended to the name of a message, since one type has several messages. */
  suffix: 'In' | 'Out' | 'OutOfKafka';
}

const SERVERS = {
  gatehouse: {
    host: '{host}',
    protocol: 'http',
    description: 'The HTTP API.',
    variables: {
      host: { default: '127.0.0.1:8080', description: 'The address of Gatehouse, or of a proxy in front of it.' },
    },
    security: [{ $ref: '#/components/securitySchemes/bearer' }],
  },
  kafka: {
    host: '{broker}',
    protocol: 'kafka',
    description: 'Available if brokers are configured; the same events are available over HTTP.',
    variables: { broker: { default: '127.0.0.1:9092', description: 'A broker of the cluster.' } },
  },
};

/** The AsyncAPI 3.0 document of the event catalogue. Over Kafka, structured mode uses the messages of HTTP. */
export function asyncApiDocument(
  { title, version, licence, events: { incoming, outgoing }, introduction }: ApiDescription,
  topics: Topics,
) {
  const accepted = { title: 'Events from other systems', events: incoming, suffix: 'In' } as const;
  const eventsIn: EventChannel = {
    ...accepted,
    name: 'eventsIn',
    server: 'gatehouse',
    address: '/v1/events',
    description: `One event (${STRUCTURED}), a batch (${BATCHED}), or binary mode.`,
  };
  const eventsOut: EventChannel = {
    name: 'eventsOut',
    server: 'gatehouse',
    address: '/v1/events',
    title: 'The public feed',
    description:
      'Server-Sent Events with the position as their id, or pages after a position. A reconnect with Last-Event-ID continues without gaps or repeats.',
    events: outgoing,
    suffix: 'Out',
  };
  const factsTopics = [topics.kafkaFactsTopic, ...topics.kafkaTypeTopics].map(
    (address, n): EventChannel => ({
      ...accepted,
      name: numbered('factsTopic', n),
      server: 'kafka',
      address,
      description:
        'CloudEvents over the Kafka protocol binding, in structured mode as shown, or in binary mode: attributes in `ce_` headers and the data as the value. The subject is the key. An event is stored once, however often it is sent.',
    }),
  );
  const eventsTopic: EventChannel = {
    name: 'eventsTopic',
    server: 'kafka',
    address: topics.kafkaEventsTopic,
    title: 'The public events',
    description: 'In the order of the log for each subject. After a failure some may repeat, with the same `ce_id`.',
    events: outgoing,
    suffix: 'OutOfKafka',
  };
  const document = {
    asyncapi: '3.0.0',
    info: { title, version, description: introduction.asyncApi, license: licence },
    defaultContentType: STRUCTURED,
    servers: SERVERS,
    channels: Object.fromEntries(
      [eventsIn, eventsOut, ...factsTopics, eventsTopic].map((one) => [one.name, channel(one)]),
    ),
    operations: {
      takeEvents: {
        ...operation('receive', eventsIn, 'Receives events; the response reports each event once it is stored.'),
        bindings: httpBinding('POST'),
      },
      publishEvents: {
        ...operation('send', eventsOut, 'Sends the public events in the order of the log.'),
        bindings: httpBinding('GET'),
      },
      ...Object.fromEntries(
        factsTopics.map((topic, n) => [
          numbered('takeFacts', n),
          operation('receive', topic, 'Stores events from the topic in the log.'),
        ]),
      ),
      produceEvents: operation('send', eventsTopic, 'Sends the public events to the topic.'),
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      messages: {
        ...messages(eventsIn, structured(incomingSchema, incomingExample)),
        ...messages(eventsOut, structured(outgoingSchema, outgoingExample)),
        ...messages(eventsTopic, kafkaMessage),
      },
    },
  };
  return portableDocument(document);
}

/** `factsTopic`, `factsTopic2`, … */
const numbered = (name: string, n: number): string => (n === 0 ? name : `${name}${n + 1}`);

const httpBinding = (method: string) => ({ http: { method, bindingVersion: '0.3.0' } });

const channel = ({ address, title, description, server, events, suffix }: EventChannel) => ({
  address,
  title,
  description,
  servers: [{ $ref: `#/servers/${server}` }],
  messages: Object.fromEntries(events.map(({ type }) => [type, { $ref: `#/components/messages/${type}${suffix}` }])),
});

const operation = (action: 'receive' | 'send', { name, events }: EventChannel, summary: string) => ({
  action,
  summary,
  channel: { $ref: `#/channels/${name}` },
  messages: events.map(({ type }) => ({ $ref: `#/channels/${name}/messages/${type}` })),
});

const messages = ({ events, suffix }: EventChannel, content: (definition: EventDefinition) => object) =>
  Object.fromEntries(
    events.map((definition) => {
      const { type, summary } = definition;
      return [`${type}${suffix}`, { name: type, title: type, summary, ...content(definition) }];
    }),
  );

/** The content of a message in structured mode: the whole event. */
const structured =
  (schema: (definition: EventDefinition) => unknown, example: (definition: EventDefinition) => unknown) =>
  (definition: EventDefinition) => ({
    contentType: STRUCTURED,
    payload: schema(definition),
    examples: [{ payload: example(definition) }],
  });
