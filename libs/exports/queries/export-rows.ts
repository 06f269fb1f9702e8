import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Type } from 'class-transformer';
import { IsString, MaxLength } from 'class-validator';
import { FromLog } from '../../context/from-views.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsInteger, Means } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { readFromGiven } from '../../http/position-text.js';
import { Context } from '../../http/request-context.js';
import { exportStream, rowsFor } from '../export.js';
import { Datasets } from './datasets.js';
import { RowsAnswer } from './export-answer.js';

const DEFAULT_LIMIT = 500;

class RowsQuery {
  @Means('The `next` of the previous page.')
  @IfGiven()
  @IsString()
  @MaxLength(250)
  place?: string;

  @IfGiven()
  @Type(() => Number)
  @IsInteger('Maximum number of rows; 500 by default.', 1, 2000)
  limit?: number;
}

export class ReadExportRows extends Query<RowsAnswer> {
  constructor(
    readonly exportId: string,
    readonly reader: string,
    readonly place: string | undefined,
    readonly limit: number,
  ) {
    super();
  }
}

@QueryHandler(ReadExportRows)
export class ReadExportRowsHandler implements IQueryHandler<ReadExportRows> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(Datasets) private readonly datasets: Datasets,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  /** @throws NotFound export-unknown; Refusal export-of-another; InvalidInput, PositionGone for a place; NotCaughtUp */
  async execute({ exportId, reader, place, limit }: ReadExportRows): Promise<RowsAnswer> {
    const { state } = await this.transactor.load(exportStream, exportId);
    const range = rowsFor(state, exportId, reader);
    const page = await readFromGiven(this.epoch.current, () =>
      this.datasets.of(range.dataset).page(range, place, limit),
    );
    return { ...page, position: String(range.to) };
  }
}

@Controller('v1/exports')
export class ExportRowsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id/rows')
  @FromLog()
  @Roles('compliance', 'administrator')
  @Operation('A page of the rows of an export, for who made it', {
    description: 'The same page has the same rows whenever it is read. Go on with `next` until there is none.',
    fields: { id: 'The export.' },
    answer: answer('ExportRows', 'A page of rows.', RowsAnswer, {
      rows: [{ position: 7, type: 'ReviewDismissed', caseId: 'img-1' }],
      next: '7',
      position: '1045',
    }),
    refusals: { 404: ['export-unknown'], 409: ['export-of-another'], 410: ['position-gone'] },
  })
  rows(
    @Param() { id }: IdParam,
    @QueryParameters() { place, limit = DEFAULT_LIMIT }: RowsQuery,
    @Context() { actor }: Context,
  ): Promise<RowsAnswer> {
    return this.queries.execute(new ReadExportRows(id, actor.id, place, limit));
  }
}
