export * from './access.module.js';
export * from './decide-access.js';
export * from './decision-point/access-replica.js';
export * from './decision-point/decision-point.js';
export * from './decision-point/evaluation-schemas.js';
export { answerEvaluationsFast } from './features/fast-evaluation.js';
