// planted violation
import { caseAnswer } from './queries/case-answer.js';

export const title = caseAnswer;
