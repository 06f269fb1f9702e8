import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { FromLog } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsMoment } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { previousAt, reportsStream } from '../report.js';
import { ReportAnswer } from './report-answer.js';
import { renderReport } from './report-document.js';
import { reportExample } from './report-example.js';
import { ReportFigures } from './report-figures.js';

export class PreviewReport extends Query<ReportAnswer> {
  @IsMoment()
  at!: string;
}

@QueryHandler(PreviewReport)
export class PreviewReportHandler implements IQueryHandler<PreviewReport> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(ReportFigures) private readonly figures: ReportFigures,
  ) {}

  /** @throws as `ReportFigures.read` */
  async execute({ at }: PreviewReport): Promise<ReportAnswer> {
    const counted = await this.figures.read(at, 'at');
    const { state } = await this.transactor.load(reportsStream, undefined);
    return { ...renderReport(counted, state, previousAt(state, counted.position)), position: String(counted.position) };
  }
}

@Controller('v1/report-preview')
export class PreviewReportController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @Roles('lead', 'operator', 'compliance', 'administrator')
  @Operation('The report of the rollout as of a position or a time, counted from the log, without publishing it', {
    description:
      'It follows from the events up to its position alone: asked again, it is the same to the byte, whatever was stored since, but for `publication`. It comes from a replay of the log, one at a time: if that takes longer than a few seconds, the answer is `replay-running`, and a repeat gets the report once it has ended.',
    answer: answer('Report', 'The report.', ReportAnswer, reportExample),
    refusals: { 410: ['position-gone'], 503: ['replay-running'] },
  })
  previewReport(@QueryParameters() query: PreviewReport): Promise<ReportAnswer> {
    return this.queries.execute(query);
  }
}
