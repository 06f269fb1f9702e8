export { type Conflict, conflictOf } from './conflict-of-interest.js';
export * from './events.js';
export * from './processes/case-opening.js';
export { caseOpeningReaction } from './processes/case-opening-reaction.js';
export { readCase, readNotedFlagger } from './processes/case-reading.js';
export { inboundCommands, ReviewModule } from './review.module.js';
export * from './review-decisions.js';
export * from './views/cases.js';
