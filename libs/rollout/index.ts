export * from './cohort.js';
export * from './events.js';
export { onboarding } from './processes/onboarding.js';
export { CohortScheduler } from './processes/scheduler.js';
export { PeopleLeft } from './queries/people-left.js';
export * from './rollout.js';
export { inboundCommands, RolloutModule } from './rollout.module.js';
export * from './views/cohorts.js';
