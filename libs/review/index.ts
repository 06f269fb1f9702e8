export { caseStream } from './case.js';
export * from './events.js';
export * from './processes/case-opening.js';
export { caseOpeningReaction } from './processes/case-opening-reaction.js';
export { inboundCommands, ReviewModule } from './review.module.js';
export * from './review-decisions.js';
export * from './views/cases.js';
