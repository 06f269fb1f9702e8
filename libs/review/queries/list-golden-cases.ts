import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type pg from 'pg';
import type { Static } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery, IfGiven, Means } from '../../http/field-rules.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, page, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { goldenStream, refuseUnknownGolden } from '../golden-case.js';
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
    const listing = new Listing('golden-cases', { status });
    const [at, id] = listing.after(cursor, ['number', 'id']) ?? [0, ''];
    const { rows } = await queryView(this.pool, {
      text: `${SELECT} WHERE ($1 OR (added_at, golden_id) < (to_timestamp($2::float8 / 1000), $3::text))
        AND ($4::text IS NULL OR ${GOLDEN_STATUS} = $4)
        ORDER BY added_at DESC, golden_id DESC LIMIT $5`,
      values: [cursor === undefined, at, id, status ?? null, limit + 1],
    });
    return listing.page(rows, limit, toGoldenCase, (row) => [Number(row.added_ms), row.golden_id]);
  }
}

const ShownGoldenCase = closed({
  ...GoldenCaseAnswer.properties,
  etag: text(
    'Also the header `ETag`. Send it as `If-Match` to retire it only if leads and draws have left it as it is.',
  ),
});
type ShownGoldenCase = Static<typeof ShownGoldenCase>;

export class ShowGoldenCase extends IdQuery<ShownGoldenCase> {}

@QueryHandler(ShowGoldenCase)
export class ShowGoldenCaseHandler implements IQueryHandler<ShowGoldenCase> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  /** @throws NotFound golden-case-unknown */
  async execute({ id }: ShowGoldenCase): Promise<ShownGoldenCase> {
    // Read first: the tag of a change that the row lacks would let its sender change what they did not see.
    const { changedAt } = await this.transactor.load(goldenStream, id);
    const { rows } = await queryView(this.pool, { text: `${SELECT} WHERE golden_id = $1`, values: [id] });
    if (rows.length === 0) refuseUnknownGolden({ isRetired: false }, id);
    const shown = Math.min(changedAt, Number(rows[0].position));
    return { ...toGoldenCase(rows[0]), etag: entityTagOf(shown, this.epoch.current) };
  }
}

@Controller('v1/golden-cases')
export class ListGoldenCasesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(goldenCasesView)
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation('Golden cases, the newest first', {
    answer: answer('GoldenCasePage', 'A page of golden cases.', page(GoldenCaseAnswer, 'The golden cases.'), {
      items: [goldenCaseExample],
    }),
  })
  listGoldenCases(@QueryParameters() query: ListGoldenCases): Promise<Page<GoldenCaseAnswer>> {
    return this.queries.execute(query);
  }

  @Get(':id')
  @FromViews(goldenCasesView)
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation('A golden case and what reviewers answered', {
    description: 'It may lag a moment behind.',
    fields: { id: GOLDEN_ID },
    answer: answer('ShownGoldenCase', 'The golden case.', ShownGoldenCase, {
      ...goldenCaseExample,
      etag: '"9c1f03ab55d2-1042"',
    }),
    refusals: { 404: ['golden-case-unknown'] },
  })
  showGoldenCase(@Param() query: ShowGoldenCase): Promise<ShownGoldenCase> {
    return this.queries.execute(query);
  }
}
