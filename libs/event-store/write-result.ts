import type { Position } from '../kernel/envelope.js';
import type { Transacted } from './transact.js';

/** The result of a command. */
export interface CommandResult {
  /** False if the command was a no-op. */
  changed: boolean;
  /** Position of its effect, which reads can require. */
  position: Position;
}

export const commandResult = ({ events, position }: Transacted<unknown>): CommandResult => ({
  changed: events.length > 0,
  position,
});
