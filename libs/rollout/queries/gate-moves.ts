import type { EventPlace, StreamKind } from '../../kernel/decider.js';
import type { RolloutEvent } from '../events.js';
import { rolloutStream } from '../rollout.js';

/** The latest moves that are kept. */
export const MOVES_KEPT = 200;

type Moved = Extract<RolloutEvent, { type: 'GateMoved' }>['data'];

/** A move as a list shows it. */
type ListedMove = Pick<EventPlace, 'position' | 'time' | 'actor'> & Pick<Moved, 'outcome' | 'reasons' | 'stage'>;

/** The latest moves of the gate, oldest first. They are folded on from one request to the next, since the stream has every cohort too. */
export const gateMoves: StreamKind<readonly ListedMove[], RolloutEvent> = {
  category: rolloutStream.category,
  events: rolloutStream.events,
  initial: [],
  evolve(moves, { type, data }, { position, time, actor }) {
    if (type !== 'GateMoved') return moves;
    const { outcome, reasons, stage } = data;
    return [...moves, { position, time, actor, outcome, reasons, stage }].slice(-MOVES_KEPT);
  },
};
