export { AccountModule, inboundCommands } from './account.module.js';
export * from './account-standing.js';
export * from './events.js';
export * from './person.js';
export * from './views/account-standing.js';
export * from './waiting-turn.js';
