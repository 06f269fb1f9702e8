import { type AccountStanding, StrikeRescinded } from '../../account/index.js';
import {
  type ConfirmedViolation,
  EnforcementCompleted,
  EnforcementReversed,
  expectedStanding,
  type Ladder,
  violationOf,
} from '../../enforcement/index.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { ReviewConfirmed } from '../../review/index.js';

/** After these nothing is left to do for the confirmed review. */
export const ENFORCEMENT_ENDS = [EnforcementCompleted, EnforcementReversed];

const isEnd = (event: RecordedEvent): event is RecordedOf<(typeof ENFORCEMENT_ENDS)[number]> =>
  ENFORCEMENT_ENDS.some((definition) => isOf(definition, event));

/**
 * Confirmed reviews that are not enforced yet: their accounts are denied, from the confirmation on, what the ladder will
 * deny them.
 */
export class PendingEnforcements {
  private readonly byAccount = new Map<string, Map<string, ConfirmedViolation>>();

  /** Applies an event of any stream but an account's. */
  apply(event: RecordedEvent): void {
    if (isOf(ReviewConfirmed, event)) {
      const violation = violationOf(event);
      if (violation) this.add(violation);
    } else if (isEnd(event) && event.data.caseId !== undefined) {
      const { accountId, caseId } = event.data;
      if (!this.isOfEarlier(event)) this.enforced(accountId, caseId, event.position);
    }
  }

  /** Applies a usable event of an account's stream: one with the case as its cause says what that led to. */
  applyToAccount(accountId: string, { type, data, position }: RecordedEvent): void {
    // What undoes an earlier confirmation of the case is not what the pending one led to.
    if (type !== StrikeRescinded.type && data.enforcementId === undefined && typeof data.caseId === 'string')
      this.enforced(accountId, data.caseId, position);
  }

  /** @param standing by the events of the account's stream */
  expected(accountId: string, standing: AccountStanding, ladder: Ladder): AccountStanding {
    const pending = this.byAccount.get(accountId);
    return pending ? expectedStanding(standing, pending.values(), ladder) : standing;
  }

  get isEmpty(): boolean {
    return this.byAccount.size === 0;
  }

  private add(violation: ConfirmedViolation): void {
    const pending = this.byAccount.get(violation.accountId) ?? new Map<string, ConfirmedViolation>();
    pending.set(violation.caseId, violation);
    this.byAccount.set(violation.accountId, pending);
  }

  /** Whether it undoes a round before the one that is pending. */
  private isOfEarlier(event: RecordedOf<(typeof ENFORCEMENT_ENDS)[number]>): boolean {
    if (event.type !== EnforcementReversed.type || !('round' in event.data)) return false;
    const { accountId, caseId, round = 0 } = event.data;
    return (this.byAccount.get(accountId)?.get(caseId!)?.round ?? 0) > round;
  }

  /** Events from before a confirmation, which are read again after a restart, are no answer to it. */
  private enforced(accountId: string, caseId: string, position: Position): void {
    const pending = this.byAccount.get(accountId);
    const violation = pending?.get(caseId);
    if (!pending || !violation || position < violation.position) return;
    pending.delete(caseId);
    if (pending.size === 0) this.byAccount.delete(accountId);
  }
}
