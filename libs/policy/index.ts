export * from './events.js';
export * from './policy.js';
