import type { Position } from '../../kernel/envelope.js';

/** When a decision point had applied a decision; null if it has not reported that, though it runs and did so then. */
export interface AppliedAt {
  decisionPoint: string;
  appliedAt: string | null;
}

/** What the decision points have reported. */
export abstract class DecisionPoints {
  /** @param decision `storedAt` as the log has it, RFC 3339 */
  abstract appliedAt(decision: { position: Position; storedAt: string }): Promise<AppliedAt[]>;
}
