import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type pg from 'pg';
import type { Static } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, Means } from '../../http/field-rules.js';
import { closed, instant, oneOf, orNull, page, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { REQUEST_KINDS, REQUEST_OUTCOMES } from '../request-events.js';
import { subjectRequestsView } from '../views/subject-requests.js';

const RequestEntry = closed({
  requestId: text('The request.'),
  person: text('Whose data.'),
  kind: oneOf(REQUEST_KINDS, 'What they asked for.'),
  receivedAt: instant('When it was received.'),
  dueAt: instant('Until when it has to be answered.'),
  closedAt: orNull(instant('When it was answered; null while it is open.')),
  outcome: orNull(oneOf(REQUEST_OUTCOMES, 'How it was answered.')),
  reason: orNull(text('Why, or how.')),
});
export type RequestEntry = Static<typeof RequestEntry>;

const TRUTHS = ['true', 'false'] as const;

export class ListRequests extends PageQuery<Page<RequestEntry>> {
  @Means('Only open ones, or only those that were answered.')
  @IfGiven()
  @IsIn(TRUTHS)
  open?: (typeof TRUTHS)[number];

  @IfGiven()
  @IsEntityId('Only those of this person.')
  person?: string;
}

@QueryHandler(ListRequests)
export class ListRequestsHandler implements IQueryHandler<ListRequests> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ open, person, limit, cursor }: ListRequests): Promise<Page<RequestEntry>> {
    const listing = new Listing('subject-requests', { open, person });
    const after = listing.after(cursor, ['number', 'id']);
    const values: unknown[] = [];
    const placeOf = (value: unknown) => `$${values.push(value)}`;
    const conditions = ['true'];
    if (open) conditions.push(`closed_at IS ${open === 'true' ? '' : 'NOT '}NULL`);
    if (person !== undefined) conditions.push(`person = ${placeOf(person)}`);
    if (after)
      conditions.push(
        `(due_at, request_id) > (to_timestamp(${placeOf(after[0])}::float8 / 1000), ${placeOf(after[1])}::text)`,
      );
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(subjectRequestsView)} WHERE ${conditions.join(' AND ')}
        ORDER BY due_at, request_id LIMIT ${placeOf(limit + 1)}`,
      values,
    });
    return listing.page(rows, limit, entryOf, ({ due_at, request_id }) => [Number(due_at), request_id]);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver returns it
const entryOf = (row: any): RequestEntry => ({
  requestId: row.request_id,
  person: row.person,
  kind: row.kind,
  receivedAt: toIso(row.received_at),
  dueAt: toIso(row.due_at),
  closedAt: row.closed_at && toIso(row.closed_at),
  outcome: row.outcome,
  reason: row.reason,
});

@Controller('v1/subject-requests')
export class ListRequestsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(subjectRequestsView)
  @AsOf()
  @Roles('compliance', 'administrator')
  @Operation('What people asked for about their data, what is due first', {
    answer: answer('SubjectRequestPage', 'A page of requests.', page(RequestEntry, 'The requests.'), {
      items: [
        {
          requestId: 'request-2022-17',
          person: 'acc-1',
          kind: 'export',
          receivedAt: '2022-05-18T09:00:00.000Z',
          dueAt: '2022-06-17T09:00:00.000Z',
          closedAt: null,
          outcome: null,
          reason: null,
        },
      ],
    }),
  })
  listSubjectRequests(@Query() query: ListRequests): Promise<Page<RequestEntry>> {
    return this.queries.execute(query);
  }
}
