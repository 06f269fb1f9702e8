/** What became of a statement of reasons for an authority's database. */
export interface SentStatement {
  statementId: string;
  decision: string;
  status: 'waiting' | 'accepted' | 'refused';
  acceptedAt: string | null;
  /** Why it was refused, in the words of the database. */
  errors: readonly string[];
}

/** The statements of reasons that an authority gets of an enforcement. */
export abstract class StatementsSent {
  /** Empty if none is made. @returns null while a view of them is not built */
  abstract of(enforcementId: string): Promise<SentStatement[] | null>;
}
