/** The path of a case in the API. */
export const casePath = (caseId: string): string => `/v1/cases/${encodeURIComponent(caseId)}`;
