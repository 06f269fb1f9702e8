export const caseEvents = ['CaseOpened'];
