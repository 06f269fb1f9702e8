// planted violation
import { caseAnswer } from '../../libs/review/queries/case-answer.js';

export const program = caseAnswer;
