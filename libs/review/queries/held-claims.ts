import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { caseStream } from '../case.js';
import { casesView } from '../views/cases.js';

/** What the view shows as claimed, and what was reserved in a queue and is later than the view. `$1` in epoch milliseconds. */
const PERHAPS_HELD = {
  name: 'gatehouse_perhaps_held',
  text: `SELECT case_id FROM ${viewTable(casesView)}
      WHERE status = 'claimed' AND claimed_by = $2 AND claimed_until > to_timestamp($1::float8 / 1000)
    UNION SELECT r.case_id FROM review.case_reservations r
      LEFT JOIN ${viewTable(casesView)} c ON c.case_id = r.case_id
      WHERE r.reviewer = $2 AND (r.claimed_at IS NULL OR c.position IS NULL OR r.claimed_at > c.position)`,
};

/** Reads which cases a reviewer holds. */
@Injectable()
export class HeldClaims {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * The ids of the cases whose claim they hold, by the cases' own events, since the view may show a claim that has just ended.
   * Left out is one from outside a queue that the view does not show yet.
   */
  async of(reviewer: string): Promise<string[]> {
    const now = this.clock.now();
    const { rows } = await queryView(this.pool, { ...PERHAPS_HELD, values: [now, reviewer] });
    const ids: string[] = rows.map(({ case_id }) => case_id).sort();
    const cases = await Promise.all(ids.map((id) => this.transactor.load(caseStream, id)));
    return ids.filter((_, n) => {
      const { status, claim } = cases[n]!.state;
      return status === 'open' && claim?.reviewer === reviewer && now < claim.until;
    });
  }
}
