import { type TObject, type TSchema, Type } from 'typebox';
import { ATTRIBUTE, MAX_ID_LENGTH, POSITION } from '../kernel/text-forms.js';
import { MAX_TRACESTATE, TRACEPARENT } from '../kernel/trace-context.js';
import type { EventDefinition } from './event-definition.js';
import { Instant, Source } from './schemas.js';

/** An id with the category of its stream before it. */
export const MAX_SUBJECT_LENGTH = MAX_ID_LENGTH + 40;

const text = (description: string) =>
  Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH, pattern: ATTRIBUTE, description });
const specversion = Type.Literal('1.0', { description: 'The version of CloudEvents.' });
const id = text(
  "The event's identity, together with its source; both are compared case-sensitively. A repeated event is stored once. A different event of the source needs a different id.",
);
const source = Source('The system that observed the event; a URI reference.');
const dataschema = Type.String({ format: 'uri', description: 'The schema of `data`, as the sender names it.' });
const correlationid = text('Shared by all events that one action caused.');
const traceparent = Type.String({ pattern: TRACEPARENT, maxLength: 55, description: 'W3C Trace Context.' });
const tracestate = Type.String({ maxLength: MAX_TRACESTATE, description: 'W3C Trace Context, with `traceparent`.' });

/**
 * An event for POST /v1/events, in the JSON format of CloudEvents. Other attributes are ignored, except for extensions that
 * a setting names. Its data may also be given as `data_base64`, which JSON Schema can't say in a form that generators of
 * clients understand.
 */
export function incomingSchema({ type, version, summary, schema }: EventDefinition): TObject {
  return Type.Object(
    {
      specversion,
      id,
      source,
      type: Type.Literal(type),
      time: Type.Optional(Instant('When it happened; by default when it was received.')),
      subject: Type.Optional(
        Type.String({ minLength: 1, description: 'Ignored: Gatehouse names the subject itself.' }),
      ),
      datacontenttype: Type.Optional(
        Type.String({ description: '`application/json`, the default, or `application/*+json`; with any parameters.' }),
      ),
      dataschema: Type.Optional(dataschema),
      schemaversion: Type.Optional(
        Type.Union([Type.Literal(String(version)), Type.Literal(version)], {
          description: 'Version of the schema of `data`; the latest by default.',
        }),
      ),
      correlationid: Type.Optional(correlationid),
      traceparent: Type.Optional(traceparent),
      tracestate: Type.Optional(tracestate),
      data: schema,
    },
    { $id: `${type}Event`, description: summary },
  );
}

/**
 * One of several events, by their type, in the form from which generators of clients make a union.
 * @param name of the schema
 */
export function eventUnion(
  name: string,
  definitions: readonly EventDefinition[],
  schemaOf: (definition: EventDefinition) => TObject,
  description: string,
): TSchema {
  const schemas = definitions.map(schemaOf);
  const mapping = Object.fromEntries(
    definitions.map(({ type }, n) => [type, `#/components/schemas/${(schemas[n] as { $id?: string }).$id}`]),
  );
  return Type.Unsafe({ $id: name, oneOf: schemas, discriminator: { propertyName: 'type', mapping }, description });
}

const EXTENSION = Type.Union([Type.String(), Type.Integer(), Type.Boolean()], {
  description: 'An extension attribute of the sender, if GATEHOUSE_FORWARDED_EXTENSIONS names it.',
});

/** An event from GET /v1/events, as `toCloudEvent` creates it, without personal fields. */
export function outgoingSchema(definition: EventDefinition): TObject {
  const { type, version, summary } = definition;
  return Type.Object(
    {
      specversion,
      id: text("The event's identity, together with its source: the sender's own. It never changes."),
      source,
      type: Type.Literal(type),
      subject: Type.String({
        minLength: 1,
        maxLength: MAX_SUBJECT_LENGTH,
        pattern: ATTRIBUTE,
        description: 'The subject of the event: its stream, or `image-…` for a fact about an image.',
      }),
      time: Instant('When it happened.'),
      datacontenttype: Type.Literal('application/json'),
      dataschema: Type.Optional(dataschema),
      schemaversion: Type.Literal(String(version), { description: 'Version of the schema of `data`.' }),
      recordedtime: Instant('When it was stored.'),
      recordid: Type.String({ format: 'uuid', description: 'Its id in the log, unique among all events.' }),
      correlationid,
      causationid: Type.Optional(text('The `recordid` of the event that caused this one.')),
      traceparent: Type.Optional(traceparent),
      tracestate: Type.Optional(tracestate),
      actor: Type.String({ pattern: '^(user|service|process):', description: 'Who caused it: kind and id.' }),
      position: Type.String({ pattern: POSITION, description: 'The position in the total order of all events.' }),
      logepoch: Type.String({
        pattern: '^[0-9a-f]{12}$',
        description: 'The epoch of the log: after a restore from a backup it is another one, and positions start anew.',
      }),
      data: outgoingData(definition),
    },
    { $id: `${type}Published`, additionalProperties: EXTENSION, description: summary },
  );
}

/** The data of an event without its personal fields, which are never published. */
export function outgoingData({ schema, personal }: EventDefinition): TObject {
  if (!personal) return schema;
  const isOpen = (name: string) => !personal.fields.includes(name);
  const properties = Object.fromEntries(Object.entries(schema.properties).filter(([name]) => isOpen(name)));
  const required = (schema.required as string[] | undefined)?.filter(isOpen);
  return { ...schema, properties, ...(required ? { required } : {}) } as TObject;
}

const IN_SOURCE = '/image-service';
const EXAMPLE_ID = '0196e0f0-0000-7000-8000-000000000001';
const EXAMPLE_TIME = '2022-05-19T10:00:00.000Z';

/** A valid incoming event. */
export const incomingExample = ({ type, example }: EventDefinition) => ({
  specversion: '1.0',
  id: `${type}-1`,
  source: IN_SOURCE,
  type,
  time: EXAMPLE_TIME,
  data: example,
});

/** A valid outgoing event. */
export function outgoingExample(definition: EventDefinition) {
  const { type, version, example, fact, personal } = definition;
  const data = Object.fromEntries(Object.entries(example).filter(([name]) => !personal?.fields.includes(name)));
  const key = Object.keys(data)[0]!;
  return {
    specversion: '1.0',
    id: fact ? `${type}-1` : EXAMPLE_ID,
    source: fact ? IN_SOURCE : '/gatehouse',
    type,
    subject: `${fact?.category ?? key.replace(/Id$/, '')}-${data[fact?.id ?? key]}`,
    time: EXAMPLE_TIME,
    datacontenttype: 'application/json',
    schemaversion: String(version),
    recordedtime: EXAMPLE_TIME,
    recordid: EXAMPLE_ID,
    correlationid: 'a3ce929d0e0e47364bf92f3577b34da6',
    actor: 'service:image-service',
    position: '1042',
    logepoch: '9c1f03ab55d2',
    data,
  };
}
