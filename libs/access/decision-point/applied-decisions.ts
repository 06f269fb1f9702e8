import { hostname } from 'node:os';
import {
  AccountDeactivated,
  AccountRestricted,
  AccountSuspended,
  DeactivationCauseAdded,
} from '../../account/index.js';
import { isOf } from '../../events/event-definition.js';
import { type Clock, DAY_MS } from '../../kernel/clock.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { pause } from '../../kernel/wait.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { ReviewConfirmed } from '../../review/index.js';

const FLUSH_MS = 1_000;
/** While the database is away; each is a decision against an account, of which there are few. */
const MAX_UNREPORTED = 10_000;
const KEPT = '90 days';

const REPORT = `
  INSERT INTO access.applied_decisions (position, stored_at, applied_at, is_review, decision_point)
  SELECT position, stored_at, applied_at, is_review, $5
  FROM unnest($1::int8[], $2::timestamptz[], $3::timestamptz[], $4::bool[])
    AS t(position, stored_at, applied_at, is_review)
  ON CONFLICT DO NOTHING`;
const BEGIN = `
  INSERT INTO access.decision_points (decision_point, reports_after) VALUES ($1, $2)
  ON CONFLICT (decision_point) DO UPDATE SET reports_after = excluded.reports_after, since = now()`;
const FORGET = [
  `DELETE FROM access.applied_decisions WHERE stored_at < now() - interval '${KEPT}'`,
  `DELETE FROM access.decision_points d WHERE since < now() - interval '1 day' AND NOT EXISTS (
     SELECT FROM platform.processes p WHERE p.host || ':' || p.pid = d.decision_point)`,
];

interface Applied {
  position: Position;
  /** Epoch milliseconds, as `appliedAt`. */
  storedAt: number;
  appliedAt: number;
  /** The confirmed case, if a review decided. */
  review?: { accountId: string; caseId: string };
}

export interface AppliedDecisionsOptions {
  /** Receives the seconds from the storing of a decision to its application. */
  observed?(seconds: number): void;
  /** Something could not be stored. It is retried. */
  failed?(error: unknown): void;
}

/** The name of this process among the decision points. */
export const decisionPointName = (): string => `${hostname()}:${process.pid}`;

/** Decisions by hand and of other systems; those of reviews are known by their confirmation. */
const BY_HAND = [AccountDeactivated, DeactivationCauseAdded, AccountSuspended, AccountRestricted];

const isByHand = (event: RecordedEvent): boolean =>
  event.data.enforcementId !== undefined && BY_HAND.some((definition) => isOf(definition, event));

/** What denies: the replica of this process. */
export interface Denying {
  /** Everything up to this position was applied before. */
  readonly reportsAfter: Position;
  /** Whether a confirmed case denies its account anything: one that only counts as a strike does not. */
  isDenied(accountId: string, caseId: string): Promise<boolean>;
}

function reviewIn(event: RecordedEvent): Applied['review'] {
  if (!isOf(ReviewConfirmed, event)) return undefined;
  const { accountId, caseId } = event.data;
  return accountId === undefined ? undefined : { accountId, caseId };
}

/**
 * Reports when a decision point had applied each decision against an account. What a process that dies has not reported is
 * missing: nobody knows whether it denied.
 */
export class AppliedDecisions {
  private unreported: Applied[] = [];

  constructor(
    private readonly pool: { query(text: string, values?: unknown[]): Promise<unknown> },
    private readonly clock: Clock,
    private readonly options: AppliedDecisionsOptions = {},
  ) {}

  /** Notes those of the events that are decisions against an account, which this process has applied just now. */
  note(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      const review = reviewIn(event);
      if (!review && !isByHand(event)) continue;
      const [storedAt, appliedAt] = [Date.parse(event.recordedAt), this.clock.now()];
      this.options.observed?.(Math.max(0, appliedAt - storedAt) / 1000);
      this.unreported.push({ position: event.position, storedAt, appliedAt, ...(review && { review }) });
    }
    this.unreported.splice(0, this.unreported.length - MAX_UNREPORTED);
  }

  /** Reports until the signal aborts. While the database is away it keeps what it has to report. */
  async run(signal: AbortSignal, by: Denying): Promise<void> {
    let hasBegun = false;
    let forgottenAt = Number.NEGATIVE_INFINITY;
    const flush = async () => {
      if (!hasBegun) await this.begin(by.reportsAfter);
      hasBegun = true;
      await this.report(by);
      if (this.clock.now() - forgottenAt < DAY_MS) return;
      for (const forget of FORGET) await this.pool.query(forget);
      forgottenAt = this.clock.now();
    };
    while (!signal.aborted) {
      await flush().catch((error) => this.options.failed?.(error));
      await pause(FLUSH_MS, signal);
    }
  }

  /** Says that this process reports what is stored after a position. @throws errors of the database */
  async begin(after: Position): Promise<void> {
    await this.pool.query(BEGIN, [decisionPointName(), after]);
  }

  /** @throws errors of the database, and of the log for an account that is not in memory */
  async report(by: Pick<Denying, 'isDenied'>): Promise<void> {
    const given = [...this.unreported];
    if (given.length === 0) return;
    const denying: Applied[] = [];
    for (const one of given)
      if (!one.review || (await by.isDenied(one.review.accountId, one.review.caseId))) denying.push(one);
    await this.pool.query(REPORT, [
      arrayParameter(
        'int8',
        denying.map(({ position }) => position),
      ),
      arrayParameter(
        'timestamptz',
        denying.map(({ storedAt }) => storedAt),
      ),
      arrayParameter(
        'timestamptz',
        denying.map(({ appliedAt }) => appliedAt),
      ),
      arrayParameter(
        'bool',
        denying.map(({ review }) => review !== undefined),
      ),
      decisionPointName(),
    ]);
    const reported = new Set(given);
    this.unreported = this.unreported.filter((one) => !reported.has(one));
  }
}
