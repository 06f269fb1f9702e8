import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import type { Case } from './case.js';
import { type FlaggerNotedEvent, notedFlaggerEvents } from './events.js';

/** Somebody who flagged an image beyond the flags that its case takes in. */
export interface NotedFlagger {
  /** The last round in which they did; 0 for none. */
  round: number;
}

/** One stream for each image and person, so that asking after one of them costs the same however many there are. */
export const notedFlaggerStream: StreamKind<NotedFlagger, FlaggerNotedEvent> = {
  category: 'flagger',
  events: notedFlaggerEvents,
  initial: { round: 0 },
  evolve: (_, { data }) => ({ round: data.round }),
};

/** Whether the case, after the flag, does not know who flagged. */
export const isUnseen = (state: Case, { flaggedBy, position }: { flaggedBy: string; position: Position }): boolean =>
  state.status === 'open' && position > state.dismissedAt && !state.flaggers.has(flaggedBy);

/** No events if they are noted for the round. */
export function noteFlagger(noted: NotedFlagger, data: FlaggerNotedEvent['data']): FlaggerNotedEvent[] {
  return noted.round >= data.round ? [] : [{ type: 'FlaggerNoted', data }];
}
