/** A CloudEvent 1.0 in JSON form. Extension attributes are text, as the specification asks. */
export type CloudEvent = Record<string, unknown> & { id: string; type: string; position: string };
