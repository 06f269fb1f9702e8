import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type pg from 'pg';
import type { Static } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, Means } from '../../http/field-rules.js';
import { closed, count, instant, oneOf, orNull, page, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { CHANNELS, KINDS, ROLES } from '../events.js';
import { NOTICE_STATUSES } from '../notice.js';
import { noticesView } from '../views/notices.js';

export const noticeFields = {
  noticeId: text('The notice. Its webhook and its e-mail have this id too.'),
  accountId: text('The account of the person.'),
  role: oneOf(ROLES, 'Whether the decision is about their account, or about what they flagged.'),
  channel: oneOf(CHANNELS, 'How they are notified.'),
  kind: oneOf(KINDS, 'What was decided.'),
  outcome: text('How.'),
  enforcementId: orNull(text('The measure.')),
  caseId: orNull(text('The case.')),
  status: oneOf(
    NOTICE_STATUSES,
    'Waiting, delivered, failed for good, or skipped, since there is nobody to write to or its link is no longer valid.',
  ),
  attempts: count('The number of attempts since it was queued last.'),
  queuedAt: instant('When it was first queued.'),
  dueAt: instant('When it is, or was, to be sent.'),
  deliveredAt: orNull(instant('When the receiver’s server accepted it.')),
  error: orNull(text('Why the last attempt failed.')),
  position: position('The position of its last event.'),
};

export const NoticeEntry = closed(noticeFields);
export type NoticeEntry = Static<typeof NoticeEntry>;

export class ListNotices extends PageQuery<Page<NoticeEntry>> {
  @Means('Only notices with this status.')
  @IfGiven()
  @IsIn(NOTICE_STATUSES)
  status?: (typeof NOTICE_STATUSES)[number];

  @IfGiven()
  @IsEntityId('Only notices to the holder of this account.')
  account?: string;

  @Means('Only notices through this channel.')
  @IfGiven()
  @IsIn(CHANNELS)
  channel?: (typeof CHANNELS)[number];
}

@QueryHandler(ListNotices)
export class ListNoticesHandler implements IQueryHandler<ListNotices> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ limit, cursor, status, account, channel }: ListNotices): Promise<Page<NoticeEntry>> {
    const listing = new Listing('notices', { status, account, channel });
    const after = listing.after(cursor, ['number', 'id']);
    const values: unknown[] = [];
    const placeOf = (value: unknown) => `$${values.push(value)}`;
    const conditions = ['true'];
    if (status !== undefined) conditions.push(`status = ${placeOf(status)}::text`);
    if (account !== undefined) conditions.push(`account_id = ${placeOf(account)}::text`);
    if (channel !== undefined) conditions.push(`channel = ${placeOf(channel)}::text`);
    if (after)
      conditions.push(
        `(queued_at, notice_id) > (to_timestamp(${placeOf(after[0])}::float8 / 1000), ${placeOf(after[1])}::text)`,
      );
    const { rows } = await queryView(this.pool, {
      text: `SELECT *, (extract(epoch FROM queued_at) * 1000)::int8 AS order_ms FROM ${viewTable(noticesView)}
             WHERE ${conditions.join(' AND ')} ORDER BY queued_at, notice_id LIMIT ${placeOf(limit + 1)}`,
      values,
    });
    return listing.page(rows, limit, entryOf, (row) => [Number(row.order_ms), row.notice_id]);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
const entryOf = (row: any): NoticeEntry => ({
  noticeId: row.notice_id,
  accountId: row.account_id,
  role: row.role,
  channel: row.channel,
  kind: row.kind,
  outcome: row.outcome,
  enforcementId: row.enforcement_id,
  caseId: row.case_id,
  status: row.status,
  attempts: row.attempts,
  queuedAt: toIso(row.queued_at),
  dueAt: toIso(row.due_at),
  deliveredAt: row.delivered_at && toIso(row.delivered_at),
  error: row.error,
  position: String(row.position),
});

export const noticeExample: NoticeEntry = {
  noticeId: '0196e0f0-0000-8000-8000-000000000001',
  accountId: 'acc-1',
  role: 'subject',
  channel: 'webhook',
  kind: 'measure-imposed',
  outcome: 'deactivate',
  enforcementId: 'img-1',
  caseId: 'img-1',
  status: 'delivered',
  attempts: 1,
  queuedAt: '2022-05-19T10:20:00.009Z',
  dueAt: '2022-05-19T10:20:00.009Z',
  deliveredAt: '2022-05-19T10:20:01.000Z',
  error: null,
  position: '1060',
};

@Controller('v1/notices')
export class ListNoticesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(noticesView)
  @AsOf()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Notices to people about decisions, the oldest first', {
    answer: answer('NoticePage', 'A page of notices.', page(NoticeEntry, 'The notices.'), { items: [noticeExample] }),
  })
  listNotices(@Query() query: ListNotices): Promise<Page<NoticeEntry>> {
    return this.queries.execute(query);
  }
}
