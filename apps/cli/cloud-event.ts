/** A CloudEvent 1.0 as this client sends it. */
export interface OutgoingEvent {
  specversion: '1.0';
  /** With the source its identity for ever: sending it again changes nothing. */
  id: string;
  source: string;
  type: string;
  /** RFC 3339; the time of arrival where absent. */
  time?: string;
  data: Record<string, unknown>;
}

export const cloudEvent = (
  type: string,
  source: string,
  id: string,
  data: Record<string, unknown>,
  time?: string,
): OutgoingEvent => ({ specversion: '1.0', id, source, type, ...(time === undefined ? {} : { time }), data });
