export { type Conflict, conflictOf } from './conflict-of-interest.js';
export * from './events.js';
export { caseOpening } from './processes/case-opening.js';
export { readCase, readNotedFlagger } from './queries/case-reading.js';
export { inboundCommands, ReviewModule } from './review.module.js';
export * from './review-actions.js';
export * from './review-decisions.js';
export * from './views/cases.js';
