import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsMoment } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { ReportAnswer } from '../queries/report-answer.js';
import { renderReport } from '../queries/report-document.js';
import { reportExample } from '../queries/report-example.js';
import { ReportFigures } from '../queries/report-figures.js';
import { previousAt, publishReport, type ReportData, reportsStream } from '../report.js';

export class PublishReport extends RequestCommand<ReportAnswer> {
  @IsMoment()
  at!: string;
}

@CommandHandler(PublishReport)
export class PublishReportHandler implements ICommandHandler<PublishReport> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(ReportFigures) private readonly figures: ReportFigures,
  ) {}

  /** @throws Refusal report-differs, report-superseded; as `ReportFigures.read` */
  async execute({ at, context }: PublishReport): Promise<ReportAnswer> {
    const counted = await this.figures.read(at, '/at');
    const { state } = await this.transactor.transact(
      reportsStream,
      undefined,
      context,
      publishReport,
      async (load): Promise<ReportData> => {
        const reports = await load();
        const { report, sha256 } = renderReport(counted, reports, previousAt(reports, counted.position));
        return {
          reportId: String(counted.position),
          ...counted,
          ...(report.previous && {
            previous: report.previous.reportId,
            previousPublishedAt: Number(report.previous.publishedAt),
          }),
          sha256,
        };
      },
    );
    const shown = renderReport(counted, state, previousAt(state, counted.position));
    return { ...shown, position: shown.publication!.position };
  }
}

@Controller('v1/reports')
export class PublishReportController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(200)
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Publishes the report of the rollout as of a position or a time; a repeat answers with the same one', {
    description:
      'Counts the figures from the log as GET /v1/report-preview does, and stores an event with them, the digest of the text and the name of the caller. Reports are published in the order of their positions.',
    example: { at: '1045' },
    answer: answer('Report', 'The report with its publication.', ReportAnswer, reportExample),
    refusals: { 409: ['report-differs', 'report-superseded'], 410: ['position-gone'], 503: ['replay-running'] },
  })
  publishReport(@Body() asked: PublishReport, @Context() context: Context): Promise<ReportAnswer> {
    return this.commands.execute(asked.with({ context }));
  }
}
