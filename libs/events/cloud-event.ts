/** A CloudEvent 1.0 in JSON form. Extension attributes are strings, as the specification requires. */
export type CloudEvent = Record<string, unknown> & { id: string; type: string; position: string };

/** Media types of CloudEvents in JSON: one event, and a batch. */
export const STRUCTURED = 'application/cloudevents+json';
export const BATCHED = 'application/cloudevents-batch+json';
