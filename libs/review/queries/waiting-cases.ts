import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Clock } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { Turns } from '../../kernel/turns.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../views/cases.js';

/** How long a reservation holds if its process ends before the claim is stored. */
const RESERVED_MS = 60_000;
/** How long a reviewer is not given a case that was refused to them, unless the view shows a change of it. */
const REFUSED_MS = 300_000;
/** Expired reservations and refusals are deleted after so many. */
const CLEAN_EVERY = 1_000;

export interface Wanted {
  queue: string;
  reviewer: string;
  /** Accounts whose cases the reviewer may not have. */
  accounts: readonly string[];
  isEscalated: boolean;
}

const NOW = 'to_timestamp($1::float8 / 1000)';

/**
 * Reserves the case that is due first. It reads the queue's index in order, so it costs the same however many cases are
 * closed; two statements that find the same case get it once.
 */
const RESERVE = {
  name: 'gatehouse_reserve_case',
  text: `WITH best AS (
      SELECT c.case_id, c.position FROM ${viewTable(casesView)} c
      WHERE c.queue = $2 AND c.is_escalated = $3 AND c.status IN ('open', 'claimed')
        AND (c.status = 'open' OR c.claimed_until <= ${NOW})
        AND (c.decides_at IS NULL OR c.decides_at <= ${NOW})
        AND (c.reserved_until IS NULL OR c.reserved_until <= ${NOW} OR (c.reserved_for = $4 AND NOT c.is_held))
        AND (c.account_id IS NULL OR c.account_id <> ALL ($5::text[]))
        AND NOT EXISTS (SELECT FROM jsonb_array_elements(c.flags) f WHERE f->>'flaggedBy' = $4)
        AND NOT EXISTS (SELECT FROM jsonb_array_elements(c.verdicts) v WHERE v->>'reviewer' = $4 AND v->>'source' IS NULL)
        AND NOT EXISTS (SELECT FROM review.case_reservations r WHERE r.case_id = c.case_id AND r.until > ${NOW}
          AND (r.claimed_at IS NULL OR r.claimed_at > c.position))
        AND NOT EXISTS (SELECT FROM review.refused_cases r
          WHERE r.reviewer = $4 AND r.case_id = c.case_id AND r.seen >= c.position AND r.until > ${NOW})
      ORDER BY c.due_at, c.case_id LIMIT 1
    ), taken AS (
      INSERT INTO review.case_reservations AS r (case_id, until, seen)
      SELECT case_id, to_timestamp($6::float8 / 1000), position FROM best
      ON CONFLICT (case_id) DO UPDATE SET until = excluded.until, seen = excluded.seen, claimed_at = NULL
        WHERE r.until <= ${NOW} OR r.claimed_at <= excluded.seen
      RETURNING case_id
    )
    SELECT best.case_id, taken.case_id IS NOT NULL AS is_taken FROM best LEFT JOIN taken USING (case_id)`,
};

/** Gives each waiting case to one reviewer at a time. */
@Injectable()
export class WaitingCases {
  /** Reviewers of one process don't compete for one case. */
  private readonly turns = new Turns();
  private reservations = 0;

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The case that is due first among those that the reviewer may have, by the view; undefined if there is none. */
  async reserve(wanted: Wanted): Promise<string | undefined> {
    if (++this.reservations % CLEAN_EVERY === 0) await this.clean();
    const { queue, reviewer, accounts, isEscalated } = wanted;
    for (;;) {
      const now = this.clock.now();
      const values = [
        now,
        queue,
        isEscalated,
        reviewer,
        arrayParameter('text', [reviewer, ...accounts]),
        now + RESERVED_MS,
      ];
      const { rows } = await this.turns.take(queue, () => queryView(this.pool, { ...RESERVE, values }));
      if (rows.length === 0) return undefined;
      if (rows[0].is_taken) return rows[0].case_id;
    }
  }

  /** The case is not free until the view has its claim, and then if the case itself is. */
  async claimed(caseId: string, position: Position): Promise<void> {
    await this.pool.query('UPDATE review.case_reservations SET claimed_at = $2 WHERE case_id = $1', [caseId, position]);
  }

  async release(caseId: string): Promise<void> {
    await this.pool.query('DELETE FROM review.case_reservations WHERE case_id = $1', [caseId]);
  }

  /** Frees a case that its own events refuse to the reviewer, who does not get it again for a while. */
  async refused(caseId: string, reviewer: string): Promise<void> {
    await this.pool.query(
      `WITH freed AS (DELETE FROM review.case_reservations WHERE case_id = $2 RETURNING case_id, seen)
       INSERT INTO review.refused_cases (reviewer, case_id, seen, until)
       SELECT $1, case_id, seen, to_timestamp($3::float8 / 1000) FROM freed
       ON CONFLICT (reviewer, case_id) DO UPDATE SET seen = excluded.seen, until = excluded.until`,
      [reviewer, caseId, this.clock.now() + REFUSED_MS],
    );
  }

  private async clean(): Promise<void> {
    for (const table of ['review.case_reservations', 'review.refused_cases'])
      await this.pool.query(`DELETE FROM ${table} WHERE until <= ${NOW}`, [this.clock.now()]);
  }
}
