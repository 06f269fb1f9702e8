import { hostname } from 'node:os';
import {
  AccountDeactivated,
  AccountRestricted,
  AccountSuspended,
  DeactivationCauseAdded,
} from '../../account/index.js';
import { isOf } from '../../events/event-definition.js';
import { type Clock, DAY_MS, toIso } from '../../kernel/clock.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { pause } from '../../kernel/wait.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { Pool } from '../../platform/database/database.js';
import { ReviewConfirmed } from '../../review/index.js';

const FLUSH_MS = 1_000;
/** While the database is away; each is a decision against an account, of which there are few. */
const MAX_UNREPORTED = 10_000;
const KEPT = '90 days';

const REPORT = `
  INSERT INTO access.applied_decisions (position, stored_at, applied_at, is_review, decision_point)
  SELECT position, stored_at, applied_at, is_review, $5
  FROM unnest($1::int8[], $2::text[]::timestamptz[], $3::text[]::timestamptz[], $4::text[]::boolean[])
    AS t(position, stored_at, applied_at, is_review)
  ON CONFLICT DO NOTHING`;
const FORGET = `DELETE FROM access.applied_decisions WHERE stored_at < now() - interval '${KEPT}'`;

interface Applied {
  position: number;
  storedAt: string;
  appliedAt: string;
  isReview: boolean;
}

/** The name of this process among the decision points. */
export const decisionPointName = (): string => `${hostname()}:${process.pid}`;

/** Decisions by hand and of other systems; those of reviews are known by their confirmation. */
const BY_HAND = [AccountDeactivated, DeactivationCauseAdded, AccountSuspended, AccountRestricted];

const isByHand = (event: RecordedEvent): boolean =>
  event.data.enforcementId !== undefined && BY_HAND.some((definition) => isOf(definition, event));

/**
 * Reports when a decision point had applied each decision against an account. What a process that dies has not reported is
 * missing: nobody knows whether it denied.
 */
export class AppliedDecisions {
  private unreported: Applied[] = [];

  constructor(
    private readonly pool: Pool,
    private readonly clock: Clock,
    /** Receives the seconds from the storing of a decision to its application. */
    private readonly observed: (seconds: number) => void = () => {},
  ) {}

  /** Notes those of the events that are decisions against an account, which this process has applied just now. */
  note(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      const isReview = isOf(ReviewConfirmed, event) && event.data.accountId !== undefined;
      if (!isReview && !isByHand(event)) continue;
      const now = this.clock.now();
      this.observed(Math.max(0, now - Date.parse(event.recordedAt)) / 1000);
      this.unreported.push({ position: event.position, storedAt: event.recordedAt, appliedAt: toIso(now), isReview });
    }
    this.unreported.splice(0, this.unreported.length - MAX_UNREPORTED);
  }

  /** Reports until the signal aborts. While the database is away it keeps what it has to report. */
  async run(signal: AbortSignal): Promise<void> {
    let forgottenAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      if (this.clock.now() - forgottenAt >= DAY_MS) {
        forgottenAt = this.clock.now();
        await this.pool.query(FORGET).catch(() => {});
      }
      await pause(FLUSH_MS, signal);
      await this.report().catch(() => {});
    }
  }

  /** @throws errors of the database */
  async report(): Promise<void> {
    const given = [...this.unreported];
    if (given.length === 0) return;
    await this.pool.query(REPORT, [
      arrayParameter(
        'int8',
        given.map(({ position }) => position),
      ),
      arrayParameter(
        'text',
        given.map(({ storedAt }) => storedAt),
      ),
      arrayParameter(
        'text',
        given.map(({ appliedAt }) => appliedAt),
      ),
      arrayParameter(
        'text',
        given.map(({ isReview }) => String(isReview)),
      ),
      decisionPointName(),
    ]);
    const reported = new Set(given);
    this.unreported = this.unreported.filter((one) => !reported.has(one));
  }
}
