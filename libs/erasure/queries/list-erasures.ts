import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type pg from 'pg';
import type { Static } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, Means } from '../../http/field-rules.js';
import { closed, instant, oneOf, orNull, page, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { erasuresView } from '../views/erasures.js';

const STATUSES = ['cancelled', 'requested', 'started', 'erased'] as const;

const ErasureEntry = closed({
  person: text('The account, or the name of a member of the staff.'),
  status: oneOf(STATUSES, 'How far it is; a started one waits for every process to drop the keys.'),
  reason: text('Why it was requested.'),
  requestedAt: instant('When it was requested.'),
  dueAt: instant('When it is to be started; later while the data is under a hold.'),
  startedAt: orNull(instant('When it was started; null if it was not.')),
  erasedAt: orNull(instant('When it was complete; null while it is not.')),
  backupsExpireAt: orNull(instant('When the last backup of the keys has expired; null while it is not complete.')),
});
export type ErasureEntry = Static<typeof ErasureEntry>;

export class ListErasures extends PageQuery<Page<ErasureEntry>> {
  @Means('Only those of a status.')
  @IfGiven()
  @IsIn(STATUSES)
  status?: ErasureEntry['status'];
}

@QueryHandler(ListErasures)
export class ListErasuresHandler implements IQueryHandler<ListErasures> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ status, limit, cursor }: ListErasures): Promise<Page<ErasureEntry>> {
    const listing = new Listing('erasures', { status });
    const after = listing.after(cursor, ['number', 'id']);
    const values: unknown[] = [];
    const placeOf = (value: unknown) => `$${values.push(value)}`;
    const conditions = ['true'];
    if (status !== undefined) conditions.push(`status = ${placeOf(status)}`);
    if (after)
      conditions.push(
        `(requested_at, person) > (to_timestamp(${placeOf(after[0])}::float8 / 1000), ${placeOf(after[1])}::text)`,
      );
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(erasuresView)} WHERE ${conditions.join(' AND ')}
        ORDER BY requested_at, person LIMIT ${placeOf(limit + 1)}`,
      values,
    });
    return listing.page(rows, limit, entryOf, ({ requested_at, person }) => [Number(requested_at), person]);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver returns it
const entryOf = (row: any): ErasureEntry => ({
  person: row.person,
  status: row.status,
  reason: row.reason,
  requestedAt: toIso(row.requested_at),
  dueAt: toIso(row.due_at),
  startedAt: row.started_at && toIso(row.started_at),
  erasedAt: row.erased_at && toIso(row.erased_at),
  backupsExpireAt: row.backups_expire_at && toIso(row.backups_expire_at),
});

export const erasureExample: ErasureEntry = {
  person: 'acc-1',
  status: 'requested',
  reason: 'the person asked for it',
  requestedAt: '2022-05-18T10:20:00.000Z',
  dueAt: '2022-05-21T10:20:00.000Z',
  startedAt: null,
  erasedAt: null,
  backupsExpireAt: null,
};

@Controller('v1/erasures')
export class ListErasuresController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(erasuresView)
  @AsOf()
  @Roles('compliance', 'administrator')
  @Operation('The erasures of people’s data, the oldest first', {
    answer: answer('ErasurePage', 'A page of erasures.', page(ErasureEntry, 'The erasures.'), {
      items: [erasureExample],
    }),
  })
  listErasures(@Query() query: ListErasures): Promise<Page<ErasureEntry>> {
    return this.queries.execute(query);
  }
}
