import type { Position } from '../kernel/envelope.js';
import type { Transacted } from './transact.js';

/** What a command answers. */
export interface CommandResult {
  /** False where everything it asks for was so already. */
  changed: boolean;
  /** Where its effect stands; whoever depends on it may demand this position of readers. */
  position: Position;
}

export const commandResult = ({ events, position }: Transacted<unknown>): CommandResult => ({
  changed: events.length > 0,
  position,
});
