import type { CaseAnswer } from '../queries/case-answer.js';

export const first = (answer: CaseAnswer): string => answer.caseId;
