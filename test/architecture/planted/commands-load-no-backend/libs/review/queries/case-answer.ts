export interface CaseAnswer {
  caseId: string;
}

export const caseAnswer = 'case';
