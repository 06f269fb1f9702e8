export * from './events.js';
export * from './views/waitlist-entries.js';
