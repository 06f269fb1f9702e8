export { type Case, caseStream, type Verdict } from './case.js';
export * from './events.js';
export * from './processes/case-opening.js';
export * from './review-decisions.js';
export * from './views/cases.js';
