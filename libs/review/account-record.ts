/** What a reviewer may know of an account beside its cases. */
export interface AccountRecord {
  status: string;
  deactivated: boolean;
  /** RFC 3339; null if it is not suspended. */
  suspendedUntil: string | null;
  /** What restricted the account or ended that, newest first. */
  restrictions: readonly AccountRestriction[];
}

export interface AccountRestriction {
  /** The type of the event. */
  type: string;
  /** RFC 3339. */
  time: string;
  reason: string | null;
  /** The case that caused it. */
  caseId: string | null;
  /** RFC 3339. */
  until: string | null;
}

/** Reads them. The account context has it, which depends on this one. */
export interface AccountRecords {
  of(accountId: string): Promise<AccountRecord>;
}

/** Nest injection token of AccountRecords. */
export const ACCOUNT_RECORDS = Symbol('AccountRecords');
