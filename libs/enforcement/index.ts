export * from './enforcement.js';
export * from './events.js';
export * from './processes/enforcing.js';
export * from './processes/enforcing-reaction.js';
