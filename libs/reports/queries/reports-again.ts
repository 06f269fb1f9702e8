import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { publishReport, reportsStream } from '../report.js';

export const reportsAgain: DecisionsAgain = decisionsAgain(reportsStream, {
  ReportPublished: {
    rules: { 'report-differs': 'id-new', 'report-superseded': 'no-newer-report' },
    decide: (reports, data) => publishReport(reports, data),
  },
});
