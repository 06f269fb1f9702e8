import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type pg from 'pg';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, Means } from '../../http/field-rules.js';
import { closed, instant, list, oneOf, orNull, page, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { STATEMENT_STATUSES } from '../statement.js';
import { DECISIONS } from '../statement-events.js';
import { statementsView } from '../views/statements.js';

export const statementFields = {
  statementId: text('The statement: its identifier at the Commission’s database (puid).'),
  enforcementId: text('The enforcement: the case, or the id of a decision by hand.'),
  decision: oneOf(DECISIONS, 'What was restricted.'),
  clause: orNull(text('The clause that was violated.')),
  status: oneOf(STATEMENT_STATUSES, 'Waiting to be sent, accepted by the database, or refused by it.'),
  appliedAt: instant('When the restriction began.'),
  queuedAt: instant('When the statement was made.'),
  acceptedAt: orNull(instant('When the database had it.')),
  errors: list(Type.String(), 'Why the database refused it, in its words.'),
  position: position('The position of its last event.'),
};

export const StatementEntry = closed(statementFields);
export type StatementEntry = Static<typeof StatementEntry>;

export class ListStatements extends PageQuery<Page<StatementEntry>> {
  @Means('Only statements with this status.')
  @IfGiven()
  @IsIn(STATEMENT_STATUSES)
  status?: (typeof STATEMENT_STATUSES)[number];

  @IfGiven()
  @IsEntityId('Only statements about this enforcement.')
  enforcement?: string;
}

@QueryHandler(ListStatements)
export class ListStatementsHandler implements IQueryHandler<ListStatements> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ limit, cursor, status, enforcement }: ListStatements): Promise<Page<StatementEntry>> {
    const listing = new Listing('statements', { status, enforcement });
    const after = listing.after(cursor, ['number', 'id']);
    const values: unknown[] = [];
    const placeOf = (value: unknown) => `$${values.push(value)}`;
    const conditions = ['true'];
    if (status !== undefined) conditions.push(`status = ${placeOf(status)}::text`);
    if (enforcement !== undefined) conditions.push(`enforcement_id = ${placeOf(enforcement)}::text`);
    if (after)
      conditions.push(
        `(queued_at, statement_id) > (to_timestamp(${placeOf(after[0])}::float8 / 1000), ${placeOf(after[1])}::text)`,
      );
    const { rows } = await queryView(this.pool, {
      text: `SELECT *, (extract(epoch FROM queued_at) * 1000)::int8 AS order_ms FROM ${viewTable(statementsView)}
             WHERE ${conditions.join(' AND ')} ORDER BY queued_at, statement_id LIMIT ${placeOf(limit + 1)}`,
      values,
    });
    return listing.page(rows, limit, entryOf, (row) => [Number(row.order_ms), row.statement_id]);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
const entryOf = (row: any): StatementEntry => ({
  statementId: row.statement_id,
  enforcementId: row.enforcement_id,
  decision: row.decision,
  clause: row.clause,
  status: row.status,
  appliedAt: toIso(row.applied_at),
  queuedAt: toIso(row.queued_at),
  acceptedAt: row.accepted_at && toIso(row.accepted_at),
  errors: row.errors,
  position: String(row.position),
});

export const statementExample: StatementEntry = {
  statementId: '0196e0f0-0000-8000-8000-000000000001',
  enforcementId: 'img-1',
  decision: 'account-terminated',
  clause: 'violent',
  status: 'refused',
  appliedAt: '2022-05-19T10:20:00.000Z',
  queuedAt: '2022-05-19T10:20:00.009Z',
  acceptedAt: null,
  errors: ['category: The selected category is invalid.'],
  position: '1060',
};

@Controller('v1/statements')
export class ListStatementsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(statementsView)
  @AsOf()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Statements of reasons for the Commission’s database, the oldest first', {
    answer: answer('StatementPage', 'A page of statements.', page(StatementEntry, 'The statements.'), {
      items: [statementExample],
    }),
  })
  listStatements(@Query() query: ListStatements): Promise<Page<StatementEntry>> {
    return this.queries.execute(query);
  }
}
