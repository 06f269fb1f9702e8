import type { AccountStanding } from '../../account/index.js';
import {
  type ConfirmedViolation,
  EnforcementCompleted,
  expectedStanding,
  type Ladder,
  violationOf,
} from '../../enforcement/index.js';
import { isOf } from '../../events/event-definition.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { ReviewConfirmed } from '../../review/index.js';

/**
 * Confirmed reviews that are not enforced yet: their accounts are denied, from the confirmation on, what the ladder will
 * deny them.
 */
export class PendingEnforcements {
  private readonly byAccount = new Map<string, Map<string, ConfirmedViolation>>();
  /** Accounts whose enforcement failed: they are denied everything, since which cases are concerned is not known. */
  private readonly overdue = new Set<string>();

  addOverdue(accountIds: readonly string[]): void {
    for (const accountId of accountIds) this.overdue.add(accountId);
  }

  /** Applies an event of any stream. */
  apply(event: RecordedEvent): void {
    if (isOf(ReviewConfirmed, event)) {
      const violation = violationOf(event);
      if (violation) this.add(violation);
    } else if (isOf(EnforcementCompleted, event) && event.data.caseId !== undefined)
      this.enforced(event.data.accountId, event.data.caseId);
  }

  /** Applies a usable event of an account's stream: one with the case as its cause says what that led to. */
  applyToAccount(accountId: string, { type, data }: RecordedEvent): void {
    if (data.enforcementId === undefined && typeof data.caseId === 'string') this.enforced(accountId, data.caseId);
    else if (type === 'AccountReinstated') this.overdue.delete(accountId);
  }

  /** @param standing by the events of the account's stream */
  expected(accountId: string, standing: AccountStanding, ladder: Ladder): AccountStanding {
    const pending = this.byAccount.get(accountId);
    const expected = pending ? expectedStanding(standing, pending.values(), ladder) : standing;
    return this.overdue.size > 0 && this.overdue.has(accountId) ? { ...expected, deactivated: true } : expected;
  }

  get isEmpty(): boolean {
    return this.byAccount.size === 0 && this.overdue.size === 0;
  }

  private add(violation: ConfirmedViolation): void {
    const pending = this.byAccount.get(violation.accountId) ?? new Map<string, ConfirmedViolation>();
    pending.set(violation.caseId, violation);
    this.byAccount.set(violation.accountId, pending);
  }

  private enforced(accountId: string, caseId: string): void {
    this.overdue.delete(accountId);
    const pending = this.byAccount.get(accountId);
    pending?.delete(caseId);
    if (pending?.size === 0) this.byAccount.delete(accountId);
  }
}
