export const caseRows: string[] = [];
