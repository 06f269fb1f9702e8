export const contexts = [() => import('../libs/review/queries/case-answer.js')];
