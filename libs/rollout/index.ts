export * from './events.js';
export * from './views/cohorts.js';
export * from './views/rollout-state.js';
