import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type { Static } from 'typebox';
import { FromLog } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, Means } from '../../http/field-rules.js';
import { closed, list, position } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { NotFound } from '../../kernel/errors.js';
import { previousOf, reportsStream } from '../report.js';
import { Publication, ReportAnswer } from './report-answer.js';
import { publicationOf, renderReport } from './report-document.js';
import { reportExample } from './report-example.js';
import { ReportFigures } from './report-figures.js';

export const ReportsAnswer = closed({
  reports: list(Publication, 'All published reports, the newest first.'),
  position: position('The position of the last publication; 0 without one.'),
});
export type ReportsAnswer = Static<typeof ReportsAnswer>;

export class ShowReports extends Query<ReportsAnswer> {}

@QueryHandler(ShowReports)
export class ShowReportsHandler implements IQueryHandler<ShowReports> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute(): Promise<ReportsAnswer> {
    const { state, position: last } = await this.transactor.load(reportsStream, undefined);
    return { reports: state.map(publicationOf).reverse(), position: String(last) };
  }
}

class ReportQuery {
  @IfGiven()
  @IsIn(['true', 'false'])
  @Means('Whether to count its figures again from the log.')
  recount?: string;
}

export class ShowReport extends Query<ReportAnswer> {
  constructor(
    readonly reportId: string,
    readonly isRecounted: boolean,
  ) {
    super();
  }
}

@QueryHandler(ShowReport)
export class ShowReportHandler implements IQueryHandler<ShowReport> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(ReportFigures) private readonly figures: ReportFigures,
  ) {}

  /** @throws NotFound report-unknown; as `ReportFigures.again` */
  async execute({ reportId, isRecounted }: ShowReport): Promise<ReportAnswer> {
    const { state } = await this.transactor.load(reportsStream, undefined);
    const published = state.find(({ data }) => data.reportId === reportId);
    if (published) {
      const { data, position } = published;
      const { figures } = isRecounted ? await this.figures.again(data) : data;
      return { ...renderReport({ ...data, figures }, state, previousOf(state, data)), position: String(position) };
    }
    throw new NotFound(
      'report-unknown',
      `no report ${reportId} was published: gatehouse report list has those that were`,
    );
  }
}

@Controller('v1/reports')
export class ShowReportsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @Roles('lead', 'operator', 'compliance', 'administrator')
  @Operation('The reports that were published, by whom and when, the newest first', {
    answer: answer('Reports', 'The publications.', ReportsAnswer, {
      reports: [reportExample.publication!],
      position: reportExample.position,
    }),
  })
  showReports(): Promise<ReportsAnswer> {
    return this.queries.execute(new ShowReports());
  }

  @Get(':id')
  @FromLog()
  @Roles('lead', 'operator', 'compliance', 'administrator')
  @Operation('A published report, from the figures that its event has', {
    description:
      'With `recount` its figures are counted again from the log, up to the event that was the last when it was published, at whatever position a copy of the log has that. If the replay of the log takes longer than a few seconds, the answer is `replay-running`, and a repeat gets the report once it has ended.',
    fields: { id: 'The report: the digits of its position.' },
    answer: answer('Report', 'The report.', ReportAnswer, reportExample),
    refusals: { 404: ['report-unknown'], 410: ['reported-event-gone'], 503: ['replay-running'] },
  })
  showReport(@Param() { id }: IdParam, @QueryParameters() { recount }: ReportQuery): Promise<ReportAnswer> {
    return this.queries.execute(new ShowReport(id, recount === 'true'));
  }
}
