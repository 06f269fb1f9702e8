export * from './events.js';
export * from './policy.js';
export { PolicyModule } from './policy.module.js';
