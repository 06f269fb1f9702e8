import { Type } from 'typebox';
import { actor, closed, instant, position, text } from '../../http/openapi/answer-schemas.js';
import type { RecordedEvent } from '../../kernel/envelope.js';

/** An event as histories and explanations refer to it. */
export const EventReference = closed({
  position: position('Place in the log.'),
  id: Type.String({ format: 'uuid', description: 'Its identity.' }),
  type: text('Its type.'),
  stream: text('The stream that holds it.'),
  time: instant('When it happened.'),
  actor: Type.Optional(actor),
});

export const referenceTo = ({ position: place, id, type, stream, recordedAt, metadata }: RecordedEvent) => ({
  position: String(place),
  id,
  type,
  stream,
  time: metadata.time ?? recordedAt,
  ...(metadata.actor && { actor: metadata.actor }),
});
