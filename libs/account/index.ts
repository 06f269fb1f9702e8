export { AccountModule, inboundCommands } from './account.module.js';
export * from './account-standing.js';
export * from './events.js';
export * from './views/account-standing.js';
