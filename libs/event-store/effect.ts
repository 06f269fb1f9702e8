import type { Position } from '../kernel/envelope.js';
import type { Transacted } from './transact.js';

/** What a command answers. */
export interface Effect {
  /** False where everything it asks for was so already. */
  changed: boolean;
  /** Where its effect stands; whoever depends on it may demand this position of readers. */
  position: Position;
}

export const effectOf = ({ events, position }: Transacted<unknown>): Effect => ({
  changed: events.length > 0,
  position,
});
