import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import type { Static } from 'typebox';
import { accountStream, consequencesOf, isInForce } from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsEntityId } from '../../http/field-rules.js';
import { closed, flag, instant, oneOf, orNull, page, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Page, PageQuery, readCursor, toPage } from '../../http/paging.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { MEASURES } from '../events.js';
import { enforcementsView } from '../views/enforcements.js';

export const EnforcementEntry = closed({
  enforcementId: text('The case, or the id of a decision by hand.'),
  caseId: orNull(text('The case; null for a decision by hand.')),
  clause: orNull(text('The clause that was violated.')),
  measure: oneOf(MEASURES, 'What was ordered.'),
  action: orNull(text('The action that a restriction denies.')),
  until: orNull(instant('When the restriction or the suspension ends.')),
  orderedAt: instant('When it was ordered.'),
  completedAt: orNull(instant('When everything was in force.')),
  reversedAt: orNull(instant('When an appeal undid it.')),
  isInForce: flag(
    'Whether anything of it has neither been lifted nor ended, by the events of the account and the clock.',
  ),
});
export type EnforcementEntry = Static<typeof EnforcementEntry>;

export class ListEnforcements extends PageQuery<Page<EnforcementEntry>> {
  @IsEntityId('The account.')
  account!: string;
}

@QueryHandler(ListEnforcements)
export class ListEnforcementsHandler implements IQueryHandler<ListEnforcements> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ account, limit, cursor }: ListEnforcements): Promise<Page<EnforcementEntry>> {
    const [before = Number.MAX_SAFE_INTEGER] = readCursor(cursor, ['number']) ?? [];
    const [{ rows }, { state }] = await Promise.all([
      queryView(this.pool, {
        text: `SELECT * FROM ${viewTable(enforcementsView)} WHERE account_id = $1 AND position < $2
               ORDER BY position DESC LIMIT $3`,
        values: [account, before, limit + 1],
      }),
      this.transactor.load(accountStream, account),
    ]);
    const now = this.clock.now();
    const consequences = consequencesOf(state);
    return toPage(
      rows,
      limit,
      (row) => entryOf(row, isInForce(consequences, row.enforcement_id, now)),
      ({ position }) => [Number(position)],
    );
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver returns it
const entryOf = (row: any, isInForce: boolean): EnforcementEntry => ({
  enforcementId: row.enforcement_id,
  caseId: row.case_id,
  clause: row.clause,
  measure: row.measure,
  action: row.action,
  until: row.until && toIso(row.until),
  orderedAt: toIso(row.ordered_at),
  completedAt: row.completed_at && toIso(row.completed_at),
  reversedAt: row.reversed_at && toIso(row.reversed_at),
  isInForce,
});

const example: EnforcementEntry = {
  enforcementId: 'img-1',
  caseId: 'img-1',
  clause: 'violent',
  measure: 'deactivate',
  action: null,
  until: null,
  orderedAt: '2022-05-19T10:20:00.004Z',
  completedAt: '2022-05-19T10:20:00.009Z',
  reversedAt: null,
  isInForce: true,
};

@Controller('v1/enforcements')
export class ListEnforcementsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @Roles('operator', 'lead', 'compliance', 'administrator', 'service')
  @Operation('The enforcements against an account, the newest first', {
    answer: answer('EnforcementPage', 'A page of enforcements.', page(EnforcementEntry, 'The enforcements.'), {
      items: [example],
    }),
  })
  listEnforcements(@Query() query: ListEnforcements): Promise<Page<EnforcementEntry>> {
    return this.queries.execute(query);
  }
}
