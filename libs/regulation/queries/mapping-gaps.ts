import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Static } from 'typebox';
import { Transactor } from '../../event-store/transact.js';
import { closed, count, list, orNull, text } from '../../http/openapi/answer-schemas.js';
import { POOL } from '../../platform/ports.js';
import { clausesOfValid } from '../../policy/index.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { entryFor, type StatementMapping, unknownClauses, unmappedClauses } from '../mapping.js';
import { statementsView } from '../views/statements.js';
import { clausesEver, storedPolicies } from './policy-clauses.js';

const WAITING = `SELECT clause, count(*)::int AS statements FROM ${viewTable(statementsView)}
  WHERE status = 'waiting' GROUP BY clause ORDER BY clause NULLS FIRST`;

export const gapFields = {
  unmapped: list(text('A clause.'), 'Clauses of the content policy, in any version, that have no entry.'),
  unknown: list(
    text('A clause.'),
    'Clauses of entries that no version of the content policy has: misspelt, or named by the review of another system only.',
  ),
  waiting: list(
    closed({
      clause: orNull(text('The clause; null for decisions that name none.')),
      statements: count('How many statements name it.'),
    }),
    'Statements that wait since their clause has no entry.',
  ),
};
const Gaps = closed(gapFields);

/** What a mapping leaves without a category. */
@Injectable()
export class MappingGaps {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(POOL) private readonly pool: pg.Pool,
  ) {}

  async of(mapping: Pick<StatementMapping, 'entries'>): Promise<Static<typeof Gaps>> {
    const policies = await storedPolicies(this.transactor);
    const { rows } = await queryView(this.pool, { text: WAITING });
    return {
      unmapped: unmappedClauses(mapping, clausesOfValid(policies)),
      unknown: unknownClauses(mapping, clausesEver(policies)),
      waiting: rows
        .filter(({ clause }) => !entryFor(mapping, clause ?? undefined))
        .map(({ clause, statements }) => ({ clause, statements })),
    };
  }
}
