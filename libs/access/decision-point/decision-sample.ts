import type { Clock } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import type { Ids } from '../../kernel/ids.js';
import { pause } from '../../kernel/wait.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { AccessDecision } from '../decide-access.js';
import type { DecisionBasis } from './decision-point.js';
import type { Evaluation } from './evaluation-request.js';

const STORE_MS = 1_000;
/** Of permits, and as many denials: a few hundred kilobytes a minute at most, whatever the load. */
const RECORDED_PER_SECOND = 10;
/** A subject's decision of an action for a reason is recorded once in that time. */
const AGAIN_MS = 3_600_000;
const REMEMBERED = 50_000;
const MOST_WAITING = 1_000;
const KEPT_PER_REASON = 20;
const KEPT_DAYS = 90;
const PRUNE_EVERY = 3_600;

interface Recorded {
  id: string;
  evaluation: Evaluation;
  decision: AccessDecision;
  basis: DecisionBasis | undefined;
  position: Position;
  at: number;
}

/** Of each subject, action and reason the newest are kept. */
const STORE = `
  WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[], $8::jsonb[])
      n (id, subject_type, subject_id, action, reason, position, decided_at, question)
  ), stored AS (
    INSERT INTO access.recorded_decisions SELECT * FROM given ON CONFLICT (id) DO NOTHING
  )
  DELETE FROM access.recorded_decisions r USING (
    SELECT id, row_number() OVER (PARTITION BY subject_type, subject_id, action, reason ORDER BY decided_at DESC) AS place
    FROM access.recorded_decisions
    WHERE (subject_type, subject_id, action, reason) IN (SELECT subject_type, subject_id, action, reason FROM given)
  ) old WHERE old.id = r.id AND old.place >= ${KEPT_PER_REASON}`;

const PRUNE = `DELETE FROM access.recorded_decisions WHERE decided_at < now() - interval '${KEPT_DAYS} days'`;

export interface DecisionSampleOptions {
  /** A decision that was in the sample is not recorded: there are more than can be stored. */
  dropped?(): void;
  recorded?(decisions: number): void;
  /** They could not be stored, and are dropped. */
  failed?(error: unknown): void;
}

/**
 * Records a sample of decisions with what they rested on, so that somebody can ask why later. It never delays an answer: what
 * is to be recorded waits in memory for the next second, and is dropped if too much waits or the database fails.
 */
export class DecisionSample {
  private readonly until = new Map<string, number>();
  private waiting: Recorded[] = [];
  private permits = RECORDED_PER_SECOND;
  private denials = RECORDED_PER_SECOND;

  constructor(
    private readonly pool: { query(text: string, values?: unknown[]): Promise<unknown> },
    private readonly clock: Clock,
    private readonly ids: Ids,
    private readonly options: DecisionSampleOptions = {},
  ) {}

  /** The decision, with an id if it is recorded. */
  note(
    evaluation: Evaluation,
    decision: AccessDecision,
    basis: DecisionBasis | undefined,
    position: Position,
  ): AccessDecision {
    if (decision.decision ? this.permits === 0 : this.denials === 0) return decision;
    const { subject, action } = evaluation;
    const key = `${subject.type}\n${subject.id}\n${action}\n${decision.reason ?? ''}`;
    const at = this.clock.now();
    if ((this.until.get(key) ?? 0) > at) return decision;
    if (decision.decision) this.permits--;
    else this.denials--;
    if (this.waiting.length >= MOST_WAITING) {
      this.options.dropped?.();
      return decision;
    }
    // The newest subjects are remembered; who was forgotten may be recorded again.
    if (this.until.size >= REMEMBERED) this.until.clear();
    this.until.set(key, at + AGAIN_MS);
    const recorded: AccessDecision = { ...decision, id: this.ids.next() };
    this.waiting.push({ id: recorded.id!, evaluation, decision, basis, position, at });
    return recorded;
  }

  /** Stores what waits until the signal aborts, and the rest then. */
  async run(signal: AbortSignal): Promise<void> {
    const prune = () => Promise.resolve(this.pool.query(PRUNE)).catch((error) => this.options.failed?.(error));
    for (let round = 0; !signal.aborted; round++, await pause(STORE_MS, signal)) {
      if (round % PRUNE_EVERY === 0) await prune();
      await this.store();
    }
    await this.store();
  }

  /** Stores what waits. What the database does not accept is dropped. */
  async store(): Promise<void> {
    [this.permits, this.denials] = [RECORDED_PER_SECOND, RECORDED_PER_SECOND];
    const rows = this.waiting;
    if (rows.length === 0) return;
    this.waiting = [];
    try {
      await this.pool.query(STORE, [
        arrayParameter(
          'uuid',
          rows.map(({ id }) => id),
        ),
        arrayParameter(
          'text',
          rows.map(({ evaluation }) => evaluation.subject.type),
        ),
        arrayParameter(
          'text',
          rows.map(({ evaluation }) => evaluation.subject.id),
        ),
        arrayParameter(
          'text',
          rows.map(({ evaluation }) => evaluation.action),
        ),
        arrayParameter(
          'text',
          rows.map(({ decision }) => decision.reason ?? ''),
        ),
        arrayParameter(
          'int8',
          rows.map(({ position }) => position),
        ),
        arrayParameter(
          'timestamptz',
          rows.map(({ at }) => at),
        ),
        arrayParameter(
          'jsonb',
          rows.map(({ evaluation, basis }) => JSON.stringify({ resource: evaluation.resource, ...basis })),
        ),
      ]);
      this.options.recorded?.(rows.length);
    } catch (error) {
      for (const _ of rows) this.options.dropped?.();
      this.options.failed?.(error);
    }
  }
}
