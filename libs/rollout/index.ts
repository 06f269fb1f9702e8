export * from './cohort.js';
export * from './events.js';
export { type NextInLine, ONBOARDING, onboardingReaction } from './processes/onboarding-reaction.js';
export { CohortScheduler, SCHEDULER } from './processes/scheduler.js';
export * from './rollout.js';
export { inboundCommands, RolloutModule } from './rollout.module.js';
export * from './views/cohorts.js';
export * from './views/rollout-state.js';
