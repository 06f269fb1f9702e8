import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import type { Static } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId } from '../../http/field-rules.js';
import { closed, instant, oneOf, page, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { DATASET_NAMES } from '../events.js';
import { exportsView } from '../views/exports.js';

const ExportEntry = closed({
  exportId: text('The export.'),
  dataset: oneOf(DATASET_NAMES, 'What it is of.'),
  after: position('Its range begins after this position.'),
  to: position('Its range ends here.'),
  reason: text('Why it was asked for.'),
  madeBy: text('Who made it, and may read its rows.'),
  madeAt: instant('When.'),
});
export type ExportEntry = Static<typeof ExportEntry>;

export class ListExports extends PageQuery<Page<ExportEntry>> {
  @IfGiven()
  @IsEntityId('Only those that this person or service made.')
  by?: string;
}

@QueryHandler(ListExports)
export class ListExportsHandler implements IQueryHandler<ListExports> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ by, limit, cursor }: ListExports): Promise<Page<ExportEntry>> {
    const listing = new Listing('exports', { by });
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(exportsView)}
        WHERE ($1::text IS NULL OR made_by = $1) AND ($2::int8 IS NULL OR position < $2) ORDER BY position DESC LIMIT $3`,
      values: [by ?? null, listing.after(cursor, ['number'])?.[0] ?? null, limit + 1],
    });
    return listing.page(rows, limit, entryOf, (row) => [Number(row.position)]);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver returns it
const entryOf = (row: any): ExportEntry => ({
  exportId: row.export_id,
  dataset: row.dataset,
  after: String(row.range_after),
  to: String(row.range_to),
  reason: row.reason,
  madeBy: row.made_by,
  madeAt: toIso(row.made_at),
});

@Controller('v1/exports')
export class ListExportsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(exportsView)
  @AsOf()
  @Roles('compliance', 'administrator')
  @Operation('Who exported what, when and why, the newest first', {
    answer: answer('ExportPage', 'A page of exports.', page(ExportEntry, 'The exports.'), {
      items: [
        {
          exportId: 'audit-2022',
          dataset: 'decisions',
          after: '0',
          to: '1045',
          reason: 'yearly audit',
          madeBy: 'cleo',
          madeAt: '2022-06-01T09:00:00.000Z',
        },
      ],
    }),
  })
  listExports(@Query() query: ListExports): Promise<Page<ExportEntry>> {
    return this.queries.execute(query);
  }
}
