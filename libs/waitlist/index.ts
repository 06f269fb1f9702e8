export * from './events.js';
export * from './person.js';
export * from './views/next-in-line.js';
export { Waitlist } from './views/waitlist.js';
export * from './views/waitlist-entries.js';
export { inboundCommands, WaitlistModule } from './waitlist.module.js';
