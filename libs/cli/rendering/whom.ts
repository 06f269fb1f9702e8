/** Whom a switch or a rule concerns. */
export const whomText = (cohortId: string | null): string => (cohortId === null ? 'everyone' : `cohort ${cohortId}`);
