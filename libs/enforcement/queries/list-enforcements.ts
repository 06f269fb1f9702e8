import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type pg from 'pg';
import { type Static, Type } from 'typebox';
import { accountStream, type Consequences, consequencesOf, isInForce } from '../../account/index.js';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, Means } from '../../http/field-rules.js';
import { closed, flag, instant, list, oneOf, orNull, page, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { InvalidInput } from '../../kernel/errors.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { MEASURES } from '../events.js';
import { type Targets, targetsStream } from '../targets.js';
import { enforcementsView } from '../views/enforcements.js';

export const EnforcementEntry = closed({
  enforcementId: text('The case, or the id of a decision by hand.'),
  accountId: text('The account.'),
  caseId: orNull(text('The case; null for a decision by hand.')),
  clause: orNull(text('The clause that was violated.')),
  measure: oneOf(MEASURES, 'What was ordered.'),
  action: orNull(text('The action that a restriction denies.')),
  until: orNull(instant('When the restriction or the suspension ends.')),
  orderedAt: instant('When it was ordered.'),
  completedAt: orNull(instant('When everything was in force.')),
  reversedAt: orNull(instant('When an appeal undid it.')),
  waitingFor: list(Type.String(), 'The registered targets that have not acknowledged it, or its reversal.'),
  overdueSince: orNull(instant('When the first of them was overdue.')),
  isInForce: flag(
    'Whether anything of it has neither been lifted nor ended, by the events of the account and the clock.',
  ),
});
export type EnforcementEntry = Static<typeof EnforcementEntry>;

const STATUSES = ['waiting', 'overdue'] as const;

export class ListEnforcements extends PageQuery<Page<EnforcementEntry>> {
  @IfGiven()
  @IsEntityId('The account; required without a status.')
  account?: string;

  @Means('Only those that a registered target has not acknowledged: all of them, or the overdue ones.')
  @IfGiven()
  @IsIn(STATUSES)
  status?: (typeof STATUSES)[number];
}

@QueryHandler(ListEnforcements)
export class ListEnforcementsHandler implements IQueryHandler<ListEnforcements> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ account, status, limit, cursor }: ListEnforcements): Promise<Page<EnforcementEntry>> {
    if (account === undefined && status === undefined)
      throw new InvalidInput([{ field: 'account', message: 'must be given, or a status' }]);
    const listing = new Listing('enforcements', { account, status });
    const [before = Number.MAX_SAFE_INTEGER] = listing.after(cursor, ['number']) ?? [];
    const { byName } = (await this.transactor.load(targetsStream, undefined)).state;
    const conditions = ['position < $1', '($2::text IS NULL OR account_id = $2)'];
    if (status !== undefined) conditions.push(`waiting_for <> '[]'::jsonb AND waiting_for ?| $4::text[]`);
    if (status === 'overdue') conditions.push('overdue ?| $4::text[]');
    const values = [before, account ?? null, limit + 1];
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(enforcementsView)} WHERE ${conditions.join(' AND ')}
             ORDER BY position DESC LIMIT $3`,
      values: status === undefined ? values : [...values, arrayParameter('text', [...byName.keys()])],
    });
    const standings = await this.consequencesOf(rows.slice(0, limit).map((row) => row.account_id));
    const now = this.clock.now();
    return listing.page(
      rows,
      limit,
      (row) => entryOf(row, byName, isInForce(standings.get(row.account_id)!, row.enforcement_id, now)),
      ({ position }) => [Number(position)],
    );
  }

  private async consequencesOf(accounts: readonly string[]): Promise<Map<string, Consequences>> {
    const distinct = [...new Set(accounts)];
    const loaded = await Promise.all(distinct.map((accountId) => this.transactor.load(accountStream, accountId)));
    return new Map(loaded.map(({ state }, n) => [distinct[n]!, consequencesOf(state)]));
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver returns it
const entryOf = (row: any, byName: Targets['byName'], isInForce: boolean): EnforcementEntry => ({
  enforcementId: row.enforcement_id,
  accountId: row.account_id,
  caseId: row.case_id,
  clause: row.clause,
  measure: row.measure,
  action: row.action,
  until: row.until && toIso(row.until),
  orderedAt: toIso(row.ordered_at),
  completedAt: row.completed_at && toIso(row.completed_at),
  reversedAt: row.reversed_at && toIso(row.reversed_at),
  waitingFor: row.waiting_for.filter((target: string) => byName.has(target)),
  overdueSince: row.overdue.some((target: string) => byName.has(target)) ? toIso(row.overdue_at) : null,
  isInForce,
});

const example: EnforcementEntry = {
  enforcementId: 'img-1',
  accountId: 'acc-1',
  caseId: 'img-1',
  clause: 'violent',
  measure: 'deactivate',
  action: null,
  until: null,
  orderedAt: '2022-05-19T10:20:00.004Z',
  completedAt: '2022-05-19T10:20:00.009Z',
  reversedAt: null,
  waitingFor: ['session-service'],
  overdueSince: null,
  isInForce: true,
};

@Controller('v1/enforcements')
export class ListEnforcementsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(enforcementsView)
  @AsOf()
  @Roles('operator', 'lead', 'compliance', 'administrator', 'service')
  @Operation('The enforcements against an account, or those that targets have not acknowledged, the newest first', {
    answer: answer('EnforcementPage', 'A page of enforcements.', page(EnforcementEntry, 'The enforcements.'), {
      items: [example],
    }),
  })
  listEnforcements(@Query() query: ListEnforcements): Promise<Page<EnforcementEntry>> {
    return this.queries.execute(query);
  }
}
