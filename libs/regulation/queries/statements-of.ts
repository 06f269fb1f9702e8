import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { SentStatement, StatementsSent } from '../../enforcement/index.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { statementsView } from '../views/statements.js';

const OF = `SELECT statement_id, decision, status, accepted_at, errors FROM ${viewTable(statementsView)}
  WHERE enforcement_id = $1::text ORDER BY queued_at, statement_id`;

/** The port of the enforcement context. */
@Injectable()
export class StatementsOf implements StatementsSent {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async of(enforcementId: string): Promise<SentStatement[] | null> {
    try {
      const { rows } = await queryView(this.pool, { text: OF, values: [enforcementId] });
      return rows.map(({ statement_id: statementId, decision, status, accepted_at: at, errors }) => ({
        ...{ statementId, decision, status, errors },
        acceptedAt: at && toIso(at),
      }));
    } catch (error) {
      if (error instanceof ViewNotBuilt) return null;
      throw error;
    }
  }
}
