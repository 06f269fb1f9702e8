import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Transactor } from '../../event-store/transact.js';
import { batched } from '../../kernel/batched.js';
import type { Clock } from '../../kernel/clock.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { caseStream } from '../case.js';
import { casesView } from '../views/cases.js';

/**
 * What the view shows as claimed, and what was reserved in a queue and is later than the view. `$1` in epoch milliseconds.
 * One snapshot, so that a reservation is among them if its turn is counted.
 */
const PERHAPS_HELD = {
  name: 'gatehouse_perhaps_held',
  text: `SELECT coalesce(t.turn, 0) AS turn,
      ARRAY(SELECT case_id FROM ${viewTable(casesView)}
          WHERE status = 'claimed' AND claimed_by = w.reviewer AND claimed_until > to_timestamp($1::float8 / 1000)
        UNION SELECT r.case_id FROM review.case_reservations r
          LEFT JOIN ${viewTable(casesView)} c ON c.case_id = r.case_id
          WHERE r.reviewer = w.reviewer AND (r.claimed_at IS NULL OR c.position IS NULL OR r.claimed_at > c.position)) AS perhaps,
      ARRAY(SELECT case_id FROM review.case_reservations
          WHERE reviewer = w.reviewer AND claimed_at IS NULL AND until > to_timestamp($1::float8 / 1000)) AS being_claimed
    FROM unnest($2::text[]) WITH ORDINALITY w (reviewer, n) LEFT JOIN review.reviewer_turns t ON t.reviewer = w.reviewer
    ORDER BY w.n`,
};

interface PerhapsHeld {
  turn: string;
  perhaps: string[];
  being_claimed: string[];
}

/** What a reviewer holds, and the number of their reservations when that was read. */
export interface Holding {
  caseIds: string[];
  turn: number;
}

const LIMITS = { most: 128, atOnce: 2 };

/** Reads which cases a reviewer holds. */
@Injectable()
export class HeldClaims {
  private readonly perhapsHeld = batched(async (reviewers: readonly string[]): Promise<PerhapsHeld[]> => {
    const values = [this.clock.now(), arrayParameter('text', reviewers)];
    return (await queryView(this.pool, { ...PERHAPS_HELD, values })).rows;
  }, LIMITS);

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * The ids of the cases whose claim they hold, by the cases' own events, since the view may show a claim that has just ended;
   * and of those that another process is claiming for them. Left out is one from outside a queue that the view does not show yet.
   */
  async of(reviewer: string): Promise<Holding> {
    const { turn, perhaps, being_claimed } = await this.perhapsHeld(reviewer);
    const ids = perhaps.sort();
    const cases = await Promise.all(ids.map((id) => this.transactor.load(caseStream, id)));
    const now = this.clock.now();
    const caseIds = ids.filter((id, n) => {
      const { status, claim } = cases[n]!.state;
      if (status !== 'open') return false;
      return claim && now < claim.until ? claim.reviewer === reviewer : being_claimed.includes(id);
    });
    return { caseIds, turn: Number(turn) };
  }
}
