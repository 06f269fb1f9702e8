export * from './events.js';
export * from './views/enforcements.js';
