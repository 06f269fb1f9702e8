import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import type { Static } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { closed, page, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { bulkCasesView } from '../views/bulk-cases.js';
import { JOB_ID } from './bulk-answers.js';
import { LEADS } from './reviewing-roles.js';

const SkippedCase = closed({
  caseId: text('The case.'),
  because: text('The code of its refusal, like `case-changed` for one that somebody has changed since.'),
});
export type SkippedCase = Static<typeof SkippedCase>;

export class ListSkippedCases extends PageQuery<Page<SkippedCase>> {
  declare readonly jobId: string;
}

@QueryHandler(ListSkippedCases)
export class ListSkippedCasesHandler implements IQueryHandler<ListSkippedCases> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ jobId, limit, cursor }: ListSkippedCases): Promise<Page<SkippedCase>> {
    const listing = new Listing('skipped-cases', { job: jobId });
    const [after] = listing.after(cursor, ['id']) ?? [''];
    const { rows } = await queryView(this.pool, {
      text: `SELECT case_id, skipped_because FROM ${viewTable(bulkCasesView)}
        WHERE job_id = $1::text AND skipped_because IS NOT NULL AND case_id > $2 ORDER BY case_id LIMIT $3`,
      values: [jobId, after, limit + 1],
    });
    return listing.page(
      rows,
      limit,
      (row) => ({ caseId: row.case_id, because: row.skipped_because }),
      (row) => [row.case_id],
    );
  }
}

@Controller('v1/bulk-jobs')
export class ListSkippedCasesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id/skipped-cases')
  @FromViews(bulkCasesView)
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation('The cases that refused what a bulk job wanted to do, and why', {
    fields: { id: JOB_ID },
    answer: answer('SkippedCasePage', 'A page of cases, by their ids.', page(SkippedCase, 'The cases.'), {
      items: [{ caseId: 'img-1', because: 'case-claimed' }],
    }),
  })
  listSkippedCases(
    @Param() { id: jobId }: IdParam,
    @QueryParameters() query: ListSkippedCases,
  ): Promise<Page<SkippedCase>> {
    return this.queries.execute(Object.assign(query, { jobId }));
  }
}
