import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { FromLog } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { closed, list, position } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { NotFound } from '../../kernel/errors.js';
import { previousOf, reportsStream } from '../report.js';
import { Publication, ReportAnswer } from './report-answer.js';
import { publicationOf, renderReport } from './report-document.js';
import { reportExample } from './report-example.js';

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

export class ShowReport extends Query<ReportAnswer> {
  constructor(readonly reportId: string) {
    super();
  }
}

@QueryHandler(ShowReport)
export class ShowReportHandler implements IQueryHandler<ShowReport> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  /** @throws NotFound report-unknown */
  async execute({ reportId }: ShowReport): Promise<ReportAnswer> {
    const { state } = await this.transactor.load(reportsStream, undefined);
    const published = state.find(({ data }) => data.reportId === reportId);
    if (published)
      return {
        ...renderReport(published.data, state, previousOf(state, published.data)),
        position: String(published.position),
      };
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
    description: 'GET /v1/report-preview with its position counts them again from the log.',
    fields: { id: 'The report: the digits of its position.' },
    answer: answer('Report', 'The report.', ReportAnswer, reportExample),
    refusals: { 404: ['report-unknown'] },
  })
  showReport(@Param() { id }: IdParam): Promise<ReportAnswer> {
    return this.queries.execute(new ShowReport(id));
  }
}
