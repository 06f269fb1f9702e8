import type { RecordedEvent } from '../kernel/envelope.js';

/** The event that confirmed a case. */
export type Confirmation = Omit<RecordedEvent, 'data'> & {
  data: { clause?: string; reviewers?: string[]; reviewerSource?: string; reviewerSources?: (string | null)[] };
};

/** Reads what confirmed the violations behind decisions on accounts. The review context has it, which depends on this one. */
export interface Confirmations {
  /** Undefined if the case is not confirmed, or unknown here. */
  of(caseId: string): Promise<Confirmation | undefined>;
}

/** Nest injection token of Confirmations. */
export const CONFIRMATIONS = Symbol('Confirmations');
