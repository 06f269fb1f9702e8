import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type pg from 'pg';
import type { Static } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, Means } from '../../http/field-rules.js';
import { closed, flag, instant, orNull, page, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { legalHoldsView } from '../views/legal-holds.js';

const HoldEntry = closed({
  accountId: text('The account.'),
  holdId: text('The hold.'),
  caseId: orNull(text('The case that led to it; null if somebody placed it.')),
  clause: orNull(
    text(
      'The clause of the highest severity that was violated; null if somebody placed it, or while the content policy can’t be read.',
    ),
  ),
  reason: text('Why it was placed.'),
  placedAt: instant('When it was placed.'),
  liftedAt: orNull(instant('When it was lifted; null while it is in force.')),
  reportedAt: orNull(instant('When the first report of the case was sent to an authority; null for none.')),
  authority: orNull(text('Which authority.')),
  reference: orNull(text('The reference of that report.')),
  isReportDue: flag(
    'Whether the case is still confirmed of the highest severity, or of an unknown one, and no report is recorded.',
  ),
});
export type HoldEntry = Static<typeof HoldEntry>;

const TRUTHS = ['true', 'false'] as const;
type Truth = (typeof TRUTHS)[number];

export class ListHolds extends PageQuery<Page<HoldEntry>> {
  @IfGiven()
  @IsEntityId('Only holds on this account.')
  account?: string;

  @Means('Only those in force, or only those that were lifted.')
  @IfGiven()
  @IsIn(TRUTHS)
  inForce?: Truth;

  @Means('Only those whose report to an authority is due, or only the others.')
  @IfGiven()
  @IsIn(TRUTHS)
  reportDue?: Truth;
}

@QueryHandler(ListHolds)
export class ListHoldsHandler implements IQueryHandler<ListHolds> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ account, inForce, reportDue, limit, cursor }: ListHolds): Promise<Page<HoldEntry>> {
    const listing = new Listing('legal-holds', { account, inForce, reportDue });
    const after = listing.after(cursor, ['number', 'id']);
    const values: unknown[] = [];
    const placeOf = (value: unknown) => `$${values.push(value)}`;
    const conditions = ['placed_at IS NOT NULL'];
    if (account !== undefined) conditions.push(`account_id = ${placeOf(account)}`);
    if (inForce) conditions.push(`lifted_at IS ${inForce === 'true' ? '' : 'NOT '}NULL`);
    if (reportDue) conditions.push(`${reportDue === 'true' ? '' : 'NOT '}is_report_due`);
    if (after)
      conditions.push(
        `(placed_at, hold_key) > (to_timestamp(${placeOf(after[0])}::float8 / 1000), ${placeOf(after[1])}::text)`,
      );
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(legalHoldsView)} WHERE ${conditions.join(' AND ')}
        ORDER BY placed_at, hold_key LIMIT ${placeOf(limit + 1)}`,
      values,
    });
    return listing.page(rows, limit, entryOf, ({ placed_at, hold_key }) => [Number(placed_at), hold_key]);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver returns it
const entryOf = (row: any): HoldEntry => ({
  accountId: row.account_id,
  holdId: row.hold_id,
  caseId: row.case_id,
  clause: row.clause,
  reason: row.reason,
  placedAt: toIso(row.placed_at),
  liftedAt: row.lifted_at && toIso(row.lifted_at),
  reportedAt: row.reported_at && toIso(row.reported_at),
  authority: row.authority,
  reference: row.reference,
  isReportDue: row.is_report_due,
});

@Controller('v1/legal-holds')
export class ListHoldsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(legalHoldsView)
  @AsOf()
  @Roles('lead', 'compliance', 'administrator')
  @Operation('The holds on the data of accounts, the oldest first', {
    answer: answer('HoldPage', 'A page of holds.', page(HoldEntry, 'The holds.'), {
      items: [
        {
          accountId: 'acc-1',
          holdId: '0196e0f0-0000-7000-8000-000000000004',
          caseId: 'img-1',
          clause: 'minors',
          reason: 'a violation of the highest severity',
          placedAt: '2022-05-19T10:20:00.009Z',
          liftedAt: null,
          reportedAt: null,
          authority: null,
          reference: null,
          isReportDue: true,
        },
      ],
    }),
  })
  listHolds(@Query() query: ListHolds): Promise<Page<HoldEntry>> {
    return this.queries.execute(query);
  }
}
