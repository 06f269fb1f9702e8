import { Type } from 'typebox';
import { defineEvent, type EventOf } from './event-definition.js';
import { eventData, Name } from './schemas.js';

/** Recorded in the command's stream, under the command's identity. The stored name is older than the term. */
export const NoOpRecorded = defineEvent({
  type: 'CommandTaken',
  version: 1,
  summary: 'A command was a no-op. Its identity is recorded, so that a repeat changes nothing.',
  schema: eventData({ type: Type.Optional(Name('The event that the command asked for.')) }),
  example: { type: 'AccountDeactivated' },
});

export const noOpRecorded = (type: string | undefined): EventOf<typeof NoOpRecorded> => ({
  type: 'CommandTaken',
  data: type === undefined ? {} : { type },
});

/** Such an event changes no state. */
export const isNoOp = ({ type }: { type: string }): boolean => type === NoOpRecorded.type;
