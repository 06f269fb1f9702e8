export type { Flagged } from './events.js';
