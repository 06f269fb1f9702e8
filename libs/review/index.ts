export * from './events.js';
export * from './views/cases.js';
