export type AppealStatus = 'none' | 'open' | 'decided';

/** Who hears appeals against cases. The appeals context has it, which depends on this one. */
export interface AppealHearings {
  /**
   * Until when the reviewer holds the claim on the open appeal against a case, in epoch milliseconds; undefined if they don't.
   * @param now epoch milliseconds
   */
  heldUntil(caseId: string, reviewer: string, now: number): Promise<number | undefined>;
  /** Whether somebody appealed against the decision on a case that is in force, and whether that is decided. */
  statusOf(caseId: string): Promise<AppealStatus>;
}

/** Nest injection token of AppealHearings. */
export const APPEAL_HEARINGS = Symbol('AppealHearings');
