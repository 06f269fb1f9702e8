import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type pg from 'pg';
import { FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery, IfGiven, Means } from '../../http/field-rules.js';
import { page } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Page, PageQuery, readCursor, toPage } from '../../http/paging.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { refuseUnknownGolden } from '../golden-case.js';
import { goldenCasesView } from '../views/golden-cases.js';
import {
  GOLDEN_ID,
  GOLDEN_STATUS,
  GOLDEN_STATUSES,
  GoldenCaseAnswer,
  type GoldenStatus,
  goldenCaseExample,
  toGoldenCase,
} from './golden-answer.js';
import { LEADS } from './reviewing-roles.js';

export class ListGoldenCases extends PageQuery<Page<GoldenCaseAnswer>> {
  @Means('Only those with this status.')
  @IfGiven()
  @IsIn(GOLDEN_STATUSES)
  status?: GoldenStatus;
}

const SELECT = `SELECT *, ${GOLDEN_STATUS} AS status_now, (extract(epoch FROM added_at) * 1000)::int8 AS added_ms
  FROM ${viewTable(goldenCasesView)}`;

@QueryHandler(ListGoldenCases)
export class ListGoldenCasesHandler implements IQueryHandler<ListGoldenCases> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ status, limit, cursor }: ListGoldenCases): Promise<Page<GoldenCaseAnswer>> {
    const [at, id] = readCursor(cursor, ['number', 'id']) ?? [0, ''];
    const { rows } = await queryView(this.pool, {
      text: `${SELECT} WHERE ($1 OR (added_at, golden_id) < (to_timestamp($2::float8 / 1000), $3::text))
        AND ($4::text IS NULL OR ${GOLDEN_STATUS} = $4)
        ORDER BY added_at DESC, golden_id DESC LIMIT $5`,
      values: [cursor === undefined, at, id, status ?? null, limit + 1],
    });
    return toPage(rows, limit, toGoldenCase, (row) => [Number(row.added_ms), row.golden_id]);
  }
}

export class ShowGoldenCase extends IdQuery<GoldenCaseAnswer> {}

@QueryHandler(ShowGoldenCase)
export class ShowGoldenCaseHandler implements IQueryHandler<ShowGoldenCase> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** @throws NotFound golden-case-unknown */
  async execute({ id }: ShowGoldenCase): Promise<GoldenCaseAnswer> {
    const { rows } = await queryView(this.pool, { text: `${SELECT} WHERE golden_id = $1`, values: [id] });
    if (rows.length === 0) refuseUnknownGolden({ isRetired: false }, id);
    return toGoldenCase(rows[0]);
  }
}

@Controller('v1/golden-cases')
export class ListGoldenCasesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(goldenCasesView)
  @Roles(...LEADS, 'compliance')
  @Operation('Golden cases, the newest first', {
    refusals: { 410: ['position-gone'], 503: ['not-caught-up'] },
    answer: answer('GoldenCasePage', 'A page of golden cases.', page(GoldenCaseAnswer, 'The golden cases.'), {
      items: [goldenCaseExample],
    }),
  })
  listGoldenCases(@QueryParameters() query: ListGoldenCases): Promise<Page<GoldenCaseAnswer>> {
    return this.queries.execute(query);
  }

  @Get(':id')
  @Roles(...LEADS, 'compliance')
  @Operation('A golden case and what reviewers answered', {
    description: 'It may lag a moment behind.',
    fields: { id: GOLDEN_ID },
    answer: answer('GoldenCase', 'The golden case.', GoldenCaseAnswer, goldenCaseExample),
    refusals: { 404: ['golden-case-unknown'] },
  })
  showGoldenCase(@Param() query: ShowGoldenCase): Promise<GoldenCaseAnswer> {
    return this.queries.execute(query);
  }
}
