export * from './cohort.js';
export * from './events.js';
export { onboardingReaction } from './processes/onboarding-reaction.js';
export { CohortScheduler } from './processes/scheduler.js';
export * from './rollout.js';
export { inboundCommands, RolloutModule } from './rollout.module.js';
export * from './views/cohorts.js';
export { PeopleLeft } from './views/people-left.js';
