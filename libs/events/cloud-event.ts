/** A CloudEvent 1.0 in JSON form. Extension attributes are strings, as the specification requires. */
export type CloudEvent = Record<string, unknown> & { id: string; type: string; position: string };

/** The names of the attributes that an outgoing event may have, and of its data. */
export const OUTGOING_ATTRIBUTES = [
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'schemaversion',
  'recordedtime',
  'recordid',
  'logepoch',
  'correlationid',
  'causationid',
  'traceparent',
  'tracestate',
  'actor',
  'position',
  'data',
  'data_base64',
] as const;

/** Media types of CloudEvents in JSON: one event, and a batch. */
export const STRUCTURED = 'application/cloudevents+json';
export const BATCHED = 'application/cloudevents-batch+json';

/** Every media type of CloudEvents begins like this. */
export const ANY_CLOUDEVENTS = 'application/cloudevents';

/** RFC 6838, section 4.2, and RFC 6839, section 3.1. */
const JSON_TYPE = /^application\/(?:[a-z0-9][a-z0-9!#$&^_.+-]*\+)?json$/;

/** The media type without its parameters, in lower case. */
export const mediaTypeOf = (contentType: string): string => contentType.replace(/;.*/s, '').trim().toLowerCase();

/** @param mediaType as `mediaTypeOf` returns it */
export const isJsonType = (mediaType: string): boolean => JSON_TYPE.test(mediaType);
