export * from './events.js';
export * from './views/account-standing.js';
