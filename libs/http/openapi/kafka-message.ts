import { outgoingData, outgoingExample, outgoingSchema } from '../../events/cloud-event-schemas.js';
import type { EventDefinition } from '../../events/event-definition.js';

const KEY = { type: 'string', description: 'The subject of the event: events of one subject keep their order.' };

/** The content of an outgoing message in binary mode: its attributes are headers and its payload is the data. */
export function kafkaMessage(definition: EventDefinition) {
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
    contentType: datacontenttype,
    headers,
    payload: outgoingData(definition),
    bindings: { kafka: { key: KEY, bindingVersion: '0.5.0' } },
    examples: [{ headers: example, payload: data }],
  };
}

const prefixed = (attributes: [string, unknown][]) =>
  Object.fromEntries(attributes.map(([name, value]) => [`ce_${name}`, value]));
