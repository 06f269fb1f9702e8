import { outgoingData, outgoingExample, outgoingSchema } from '../../events/cloud-event-schemas.js';
import type { EventDefinition } from '../../events/event-definition.js';
import type { Settings } from '../../platform/configuration/settings.js';

export type Topics = Pick<Settings, 'kafkaFactsTopic' | 'kafkaTypeTopics' | 'kafkaEventsTopic'>;

/** Suffix of a message in binary mode: its attributes are headers and its payload is the data. */
const SUFFIX = 'OutOfKafka';
const KEY = { type: 'string', description: 'The subject of the event: events of one subject keep their order.' };
const SERVERS = [{ $ref: '#/servers/kafka' }];
const BINDING = '0.5.0';

/** The part of the AsyncAPI document that is about Kafka. Structured mode uses the messages of HTTP. */
export function kafkaChannels(
  { kafkaFactsTopic, kafkaTypeTopics, kafkaEventsTopic }: Topics,
  incoming: readonly EventDefinition[],
  outgoing: readonly EventDefinition[],
) {
  const into = Object.fromEntries(incoming.map(({ type }) => [type, { $ref: `#/components/messages/${type}In` }]));
  const out = Object.fromEntries(
    outgoing.map(({ type }) => [type, { $ref: `#/components/messages/${type}${SUFFIX}` }]),
  );
  const incomingTopics = [kafkaFactsTopic, ...kafkaTypeTopics].map(
    (topic, n) => [n === 0 ? 'factsTopic' : `factsTopic${n + 1}`, topic] as const,
  );
  return {
    server: {
      host: '{broker}',
      protocol: 'kafka',
      description: 'Available if brokers are configured; the same events are available over HTTP.',
      variables: { broker: { default: '127.0.0.1:9092', description: 'A broker of the cluster.' } },
    },
    channels: {
      ...Object.fromEntries(
        incomingTopics.map(([name, topic]) => [
          name,
          {
            address: topic,
            title: 'Events from other systems',
            description:
              'CloudEvents over the Kafka protocol binding, in structured mode as shown, or in binary mode: attributes in `ce_` headers and the data as the value. The subject is the key. An event is stored once, however often it is sent.',
            servers: SERVERS,
            messages: into,
          },
        ]),
      ),
      eventsTopic: {
        address: kafkaEventsTopic,
        title: 'The public events',
        description:
          'In the order of the log for each subject. After a failure some may repeat, with the same `ce_id`.',
        servers: SERVERS,
        messages: out,
      },
    },
    operations: {
      ...Object.fromEntries(
        incomingTopics.map(([name], n) => [
          n === 0 ? 'takeFacts' : `takeFacts${n + 1}`,
          operation('receive', name, incoming, 'Stores events from the topic in the log.'),
        ]),
      ),
      produceEvents: operation('send', 'eventsTopic', outgoing, 'Sends the public events to the topic.'),
    },
    messages: Object.fromEntries(outgoing.map((definition) => [`${definition.type}${SUFFIX}`, message(definition)])),
  };
}

const operation = (
  action: 'receive' | 'send',
  channel: string,
  events: readonly EventDefinition[],
  summary: string,
) => ({
  action,
  summary,
  channel: { $ref: `#/channels/${channel}` },
  messages: events.map(({ type }) => ({ $ref: `#/channels/${channel}/messages/${type}` })),
});

function message(definition: EventDefinition) {
  const { data, datacontenttype, ...attributes } = outgoingExample(definition);
  const { properties, required = [] } = outgoingSchema(definition);
  const isHeader = (name: string) => name !== 'data' && name !== 'datacontenttype';
  const headers = {
    type: 'object',
    properties: {
      'content-type': properties.datacontenttype,
      ...prefixed(Object.entries(properties).filter(([name]) => isHeader(name))),
      gatehouse_position: properties.position,
    },
    required: ['content-type', ...required.filter(isHeader).map((name) => `ce_${name}`), 'gatehouse_position'],
  };
  const example = {
    'content-type': datacontenttype,
    ...prefixed(Object.entries(attributes)),
    gatehouse_position: attributes.position,
  };
  return {
    name: definition.type,
    title: definition.type,
    summary: definition.summary,
    contentType: datacontenttype,
    headers,
    payload: outgoingData(definition),
    bindings: { kafka: { key: KEY, bindingVersion: BINDING } },
    examples: [{ headers: example, payload: data }],
  };
}

const prefixed = (attributes: [string, unknown][]) =>
  Object.fromEntries(attributes.map(([name, value]) => [`ce_${name}`, value]));
