import type { Context } from '../context/context.js';
import { reportEvents } from './events.js';
import { PublishReportController, PublishReportHandler } from './features/publish-report.js';
import { PreviewReportController, PreviewReportHandler } from './queries/preview-report.js';
import { ReportFigures } from './queries/report-figures.js';
import { reportsAgain } from './queries/reports-again.js';
import { ShowReportHandler, ShowReportsController, ShowReportsHandler } from './queries/show-reports.js';
import { reportsStream } from './report.js';

export const reportsContext: Context = {
  name: 'reports',
  events: reportEvents,
  streams: [reportsStream],
  decisionsAgain: [reportsAgain],
  commands: [PublishReportHandler, PreviewReportHandler, ShowReportsHandler, ShowReportHandler],
  routes: [
    {
      name: 'Reports',
      description:
        'The published update of the rollout, counted from the log as of a position: how many people are in, what was flagged and what of that was confirmed. Each publication is an event.',
      controllers: [PublishReportController, PreviewReportController, ShowReportsController],
    },
  ],
  services: [ReportFigures],
};
