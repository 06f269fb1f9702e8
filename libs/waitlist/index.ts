export * from './queries/next-in-line.js';
export { Waitlist } from './queries/waitlist.js';
export * from './views/waitlist-entries.js';
export { inboundCommands, WaitlistModule } from './waitlist.module.js';
