import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type pg from 'pg';
import type { Static } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, Means } from '../../http/field-rules.js';
import { closed, page, position } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { Context } from '../../http/request-context.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { Actor } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { APPEAL_STATUSES } from '../appeal.js';
import { appealsView } from '../views/appeals.js';
import { appealFields, conflictField, HEARERS, isHearer, isLead, isService } from './appeal-fields.js';
import { HearingConflicts } from './hearing-conflicts.js';

export const AppealEntry = closed({
  ...appealFields,
  conflict: conflictField(
    'Why the caller, or the `hearer`, may not hear it. Null if they may, if it is decided, and for those who hear none.',
  ),
  position: position('The position of its last event.'),
});
export type AppealEntry = Static<typeof AppealEntry>;

export class ListAppeals extends PageQuery<Page<AppealEntry>> {
  @Means('Only appeals with this status.')
  @IfGiven()
  @IsIn(APPEAL_STATUSES)
  status?: (typeof APPEAL_STATUSES)[number];

  @IfGiven()
  @IsEntityId('Only appeals of this account.')
  account?: string;

  @IfGiven()
  @IsEntityId('Only appeals that this reviewer has claimed or decided, or that were handed over to them.')
  reviewer?: string;

  @Means('Only open appeals whose deadline has passed, or only others.')
  @IfGiven()
  @IsIn(['true', 'false'])
  overdue?: 'true' | 'false';

  @Means('Only open appeals that somebody has claimed, or only others.')
  @IfGiven()
  @IsIn(['true', 'false'])
  claimed?: 'true' | 'false';

  @IfGiven()
  @IsEntityId('Whose conflicts of interest the entries name, for leads; otherwise those of the caller.')
  hearer?: string;

  declare readonly reader: Actor;
}

const NOW = 'to_timestamp($1::float8 / 1000)';
const IS_OVERDUE = `(status = 'open' AND due_at <= ${NOW})`;
const IS_RESERVED = `(status = 'open' AND reserved_until > ${NOW})`;
const IS_CLAIMED = `(status = 'open' AND claimed_until > ${NOW})`;

@QueryHandler(ListAppeals)
export class ListAppealsHandler implements IQueryHandler<ListAppeals> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(HearingConflicts) private readonly conflicts: HearingConflicts,
  ) {}

  /** @throws InvalidInput for the conflicts of somebody else, unless a lead asks */
  async execute({ reader, hearer = reader.id, limit, cursor, ...filter }: ListAppeals): Promise<Page<AppealEntry>> {
    const { status, account, reviewer, overdue, claimed } = filter;
    if (hearer !== reader.id && !isLead(reader)) {
      const message = 'is for leads: leave it out for your own conflicts of interest';
      throw new InvalidInput([{ field: 'hearer', message }]);
    }
    const listing = new Listing('appeals', filter);
    const after = listing.after(cursor, ['number', 'id']);
    const now = this.clock.now();
    const values: unknown[] = [now];
    const placeOf = (value: unknown) => `$${values.push(value)}`;
    const order = status === 'open' || overdue === 'true' ? 'due_at' : 'filed_at';
    const conditions = [`${NOW} IS NOT NULL`];
    if (status !== undefined)
      conditions.push(status === 'open' ? `status = 'open'` : `status = ${placeOf(status)}::text`);
    if (account !== undefined) conditions.push(`account_id = ${placeOf(account)}::text`);
    // A filter would tell a service what the entries don't.
    if (reviewer !== undefined && isService(reader)) conditions.push('false');
    else if (reviewer !== undefined) {
      const person = placeOf(reviewer);
      const has = `(claimed_by = ${person}::text AND ${IS_CLAIMED}) OR (reserved_for = ${person}::text AND ${IS_RESERVED})`;
      conditions.push(`(decided_by = ${person}::text OR ${has})`);
    }
    if (overdue !== undefined) conditions.push(overdue === 'true' ? IS_OVERDUE : `NOT ${IS_OVERDUE}`);
    if (claimed !== undefined) conditions.push(claimed === 'true' ? IS_CLAIMED : `coalesce(NOT ${IS_CLAIMED}, true)`);
    if (after)
      conditions.push(
        `(${order}, appeal_id) > (to_timestamp(${placeOf(after[0])}::float8 / 1000), ${placeOf(after[1])}::text)`,
      );
    const { rows } = await queryView(this.pool, {
      text: `SELECT *, (extract(epoch FROM ${order}) * 1000)::int8 AS order_ms FROM ${viewTable(appealsView)}
             WHERE ${conditions.join(' AND ')} ORDER BY ${order}, appeal_id LIMIT ${placeOf(limit + 1)}`,
      values,
    });
    const isShownTo = isHearer(reader);
    const open = rows
      .slice(0, limit)
      .flatMap(({ status, appeal_id }) => (isShownTo && status === 'open' ? appeal_id : []));
    const found = open.length === 0 ? [] : await this.conflicts.of(open, await this.conflicts.asking([hearer]));
    const conflictOf = new Map(open.map((id, n) => [id, found[n]![0]]));
    return listing.page(
      rows,
      limit,
      (row) => ({ ...entryOf(row, reader, now), conflict: conflictOf.get(row.appeal_id) ?? null }),
      (row) => [Number(row.order_ms), row.appeal_id],
    );
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
function entryOf(row: any, reader: Actor, now: number): Omit<AppealEntry, 'conflict'> {
  const isClaimed = row.status === 'open' && row.claimed_until !== null && now < row.claimed_until.getTime();
  const isShown = isClaimed && !isService(reader);
  const isReserved = row.status === 'open' && row.reserved_until !== null && now < row.reserved_until.getTime();
  const isReservedShown = isReserved && !isService(reader);
  return {
    appealId: row.appeal_id,
    accountId: row.account_id,
    caseId: row.case_id,
    number: row.number,
    hasNewEvidence: row.has_new_evidence,
    status: row.status,
    filedAt: toIso(row.filed_at),
    dueAt: toIso(row.due_at),
    isOverdue: row.status === 'open' && row.due_at.getTime() <= now,
    firstClaimedAt: isService(reader) ? null : row.first_claimed_at && toIso(row.first_claimed_at),
    claimedBy: isShown ? row.claimed_by : null,
    claimedUntil: isShown ? toIso(row.claimed_until) : null,
    reservedFor: isReservedShown ? row.reserved_for : null,
    reservedUntil: isReservedShown ? toIso(row.reserved_until) : null,
    decidedAt: row.decided_at && toIso(row.decided_at),
    decidedBy: isService(reader) ? null : row.decided_by,
    clause: row.clause,
    reason: row.reason,
    position: String(row.position),
  };
}

export const appealExample: AppealEntry = {
  appealId: 'img-1',
  accountId: 'acc-1',
  caseId: 'img-1',
  number: 1,
  hasNewEvidence: false,
  status: 'open',
  filedAt: '2022-05-19T10:00:00.000Z',
  dueAt: '2022-06-02T10:00:00.000Z',
  isOverdue: false,
  firstClaimedAt: null,
  claimedBy: null,
  claimedUntil: null,
  reservedFor: null,
  reservedUntil: null,
  decidedAt: null,
  decidedBy: null,
  clause: null,
  reason: null,
  conflict: null,
  position: '1049',
};

@Controller('v1/appeals')
export class ListAppealsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(appealsView)
  @AsOf({ views: ['images'], notFor: ['reviewer'] })
  @Roles(...HEARERS, 'operator', 'compliance', 'service')
  @Operation('Appeals: by their deadline if `status` is open or `overdue` is true, otherwise the oldest first', {
    description:
      'Who hears appeals sees of each open one whether it is overdue, whether anybody has claimed it so far, and whether they may hear it. POST /v1/appeals/next claims the first that they may.',
    answer: answer('AppealPage', 'A page of appeals.', page(AppealEntry, 'The appeals.'), { items: [appealExample] }),
  })
  listAppeals(@Query() query: ListAppeals, @Context() { actor: reader }: Context): Promise<Page<AppealEntry>> {
    return this.queries.execute(Object.assign(query, { reader }));
  }
}
