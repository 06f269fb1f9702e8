import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { AsOf, FromLog, FromViews } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { page } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { bulkJobStream } from '../bulk-job.js';
import { bulkJobsView } from '../views/bulk-jobs.js';
import { BulkJobAnswer, bulkJobExample, JOB_ID, toBulkJob } from './bulk-answers.js';
import { LEADS } from './reviewing-roles.js';

export class ListBulkJobs extends PageQuery<Page<BulkJobAnswer>> {}

@QueryHandler(ListBulkJobs)
export class ListBulkJobsHandler implements IQueryHandler<ListBulkJobs> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ limit, cursor }: ListBulkJobs): Promise<Page<BulkJobAnswer>> {
    const listing = new Listing('bulk-jobs');
    const [at, id] = listing.after(cursor, ['number', 'id']) ?? [Number.MAX_SAFE_INTEGER, ''];
    const { rows } = await queryView(this.pool, {
      text: `SELECT *, (extract(epoch FROM started_at) * 1000)::int8 AS started_ms FROM ${viewTable(bulkJobsView)}
        WHERE $3 OR (started_at, job_id) < (to_timestamp($1::float8 / 1000), $2::text)
        ORDER BY started_at DESC, job_id DESC LIMIT $4`,
      values: [cursor === undefined ? 0 : at, id, cursor === undefined, limit + 1],
    });
    return listing.page(
      rows,
      limit,
      (row) => toBulkJob(row.progress, row.job_id, Number(row.position)),
      (row) => [Number(row.started_ms), row.job_id],
    );
  }
}

export class ShowBulkJob extends IdQuery<BulkJobAnswer> {}

/** Reads the job's own stream, so that callers see their own writes at once. */
@QueryHandler(ShowBulkJob)
export class ShowBulkJobHandler implements IQueryHandler<ShowBulkJob> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ id }: ShowBulkJob): Promise<BulkJobAnswer> {
    const { state, position } = await this.transactor.load(bulkJobStream, id);
    return toBulkJob(state, id, position);
  }
}

@Controller('v1/bulk-jobs')
export class ListBulkJobsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(bulkJobsView)
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation('Bulk jobs over cases and how far they are, the newest first', {
    answer: answer('BulkJobPage', 'A page of jobs.', page(BulkJobAnswer, 'The jobs.'), { items: [bulkJobExample] }),
  })
  listBulkJobs(@QueryParameters() query: ListBulkJobs): Promise<Page<BulkJobAnswer>> {
    return this.queries.execute(query);
  }

  @Get(':id')
  @FromLog()
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation('A bulk job and how far it is', {
    fields: { id: JOB_ID },
    answer: answer('BulkJob', 'The job.', BulkJobAnswer, bulkJobExample),
    refusals: { 404: ['bulk-job-unknown'] },
  })
  showBulkJob(@Param() query: ShowBulkJob): Promise<BulkJobAnswer> {
    return this.queries.execute(query);
  }
}
