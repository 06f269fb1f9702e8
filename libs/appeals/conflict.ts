/** Why a person may not hear an appeal. */
export const APPEAL_CONFLICTS = ['own-account', 'linked-account', 'own-flag', 'took-part', 'severe-content'] as const;
export type AppealConflict = (typeof APPEAL_CONFLICTS)[number];

export const CONFLICT_MESSAGES: Record<AppealConflict, (reviewer: string, appealId: string) => string> = {
  'own-account': (reviewer, id) => `appeal ${id} is ${reviewer}'s own; somebody else has to hear it`,
  'linked-account': (reviewer, id) =>
    `${reviewer} is linked to the account of appeal ${id}; somebody else has to hear it`,
  'own-flag': (reviewer, id) => `${reviewer} flagged the image of appeal ${id}; somebody else has to hear it`,
  'took-part': (reviewer, id) =>
    `${reviewer} took part in the decision behind appeal ${id}; somebody else has to hear it`,
  'severe-content': (reviewer, id) =>
    `the case of appeal ${id} names a clause of the highest severity, and ${reviewer} does not have the skill severe; somebody with it has to hear the appeal`,
};
