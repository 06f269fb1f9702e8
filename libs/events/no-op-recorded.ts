import { Type } from 'typebox';
import { defineEvent, type EventOf } from './event-definition.js';
import { eventData, Name } from './schemas.js';

/** Stands in the stream that the command was for, under the command's own identity. */
export const NoOpRecorded = defineEvent({
  type: 'CommandTaken',
  version: 1,
  summary:
    'A command asked for what was so already. Its identity is kept, so that it changes nothing when it is given again.',
  schema: eventData({ type: Type.Optional(Name('The event it asked for.')) }),
  example: { type: 'AccountDeactivated' },
});

export const noOpRecorded = (type: string | undefined): EventOf<typeof NoOpRecorded> => ({
  type: 'CommandTaken',
  data: type === undefined ? {} : { type },
});

/** Says nothing of the stream's entity. */
export const isNoOp = ({ type }: { type: string }): boolean => type === NoOpRecorded.type;
