import type { Context } from '../context/context.js';
import { enforcementStream } from './enforcement.js';
import { enforcementEvents } from './events.js';
import { enforcing } from './processes/enforcing.js';

export * from './enforcement.js';
export * from './enforcement-actions.js';
export * from './events.js';
export * from './processes/enforcing.js';

export const enforcementContext: Context = {
  name: 'enforcement',
  events: enforcementEvents,
  streams: [enforcementStream],
  consumers: ({ transactor, ownEventIds }) => [enforcing(transactor, ownEventIds)],
};
