export { type Case, caseStream, type Verdict } from './case.js';
export * from './events.js';
export * from './processes/case-opening.js';
export { CASE_OPENING, caseOpeningReaction } from './processes/case-opening-reaction.js';
export { inboundCommands, ReviewModule } from './review.module.js';
export * from './review-decisions.js';
export * from './views/cases.js';
