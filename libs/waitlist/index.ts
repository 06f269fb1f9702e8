export * from './events.js';
export * from './person.js';
export * from './views/waitlist-entries.js';
