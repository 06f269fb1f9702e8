export * from './cohort.js';
export * from './events.js';
export * from './processes/onboarding.js';
export * from './rollout.js';
export * from './views/cohorts.js';
export * from './views/rollout-state.js';
