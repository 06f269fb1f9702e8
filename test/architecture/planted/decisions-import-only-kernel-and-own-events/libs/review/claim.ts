import type { Position } from '../kernel/position.js';
import type { Opened } from './events.js';

export const claim = (_state: Opened, at: Position): Position => at;
