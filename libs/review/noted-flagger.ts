import type { StreamKind } from '../kernel/decider.js';
import { hashOf } from '../kernel/ids.js';
import type { Case } from './case.js';
import { type FlaggerNotedEvent, notedFlaggerEvents } from './events.js';

/** A person who flagged an image whose case does not have that flag: at its limit of flags, or decided since. */
export interface NotedFlagger {
  /** The last such round; 0 for none. */
  round: number;
}

/** One stream per image and person, so that a lookup costs the same however many flaggers an image has. */
export const notedFlaggerStream: StreamKind<NotedFlagger, FlaggerNotedEvent> = {
  category: 'flagger',
  events: notedFlaggerEvents,
  initial: { round: 0 },
  evolve: (_, { data }) => ({ round: data.round }),
};

/** The id of the stream of an image and a person: a hash, since each of their ids may have 200 characters. */
export const notedFlaggerId = (caseId: string, person: string): string => hashOf(caseId, person);

/**
 * Whether the case does not have the flagger although it has processed the flag: at its limit, or decided since. Who flags an
 * image after its confirmation doesn't hear an appeal against it, nor review it once that is granted.
 */
export const isUnseen = ({ everFlagged }: Case, { flaggedBy }: { flaggedBy: string }): boolean =>
  !everFlagged.has(flaggedBy);

/** A no-op if the person is noted for the round. */
export function noteFlagger(noted: NotedFlagger, data: FlaggerNotedEvent['data']): FlaggerNotedEvent[] {
  return noted.round >= data.round ? [] : [{ type: 'FlaggerNoted', data }];
}
