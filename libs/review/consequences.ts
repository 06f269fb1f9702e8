/** Says what confirming a case would lead to. */
export interface Consequences {
  /**
   * @param accountId whose image it is
   * @returns whether a confirmation under the clause would deactivate that account, once all that is confirmed against it is enforced
   */
  deactivating(accountId: string, caseId: string): Promise<(clause: string | undefined) => boolean>;
}

/** Nest injection token of Consequences. The enforcement context has it, which depends on this one. */
export const CONSEQUENCES = Symbol('Consequences');
