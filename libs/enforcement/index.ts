export * from './enforcement.js';
export * from './enforcement-actions.js';
export * from './events.js';
export * from './processes/enforcing.js';
