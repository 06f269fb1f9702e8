import type { ReportDocument } from './report-answer.js';

/** A report as plain text of at most 100 columns but for its sentences. Equal documents have equal texts. */
export function reportText(report: ReportDocument): string {
  const { position, asOf, previous, figures, checking } = report;
  const before = previous ? `, compared with report ${previous.reportId} (${previous.asOf})` : '';
  return `${[
    `Report of the rollout as of position ${position} (${asOf})${before}`,
    figures.map(({ words }) => words).join('\n'),
    'The figures exactly',
    ...figures.map(({ title, exact, change, definition }) =>
      [title, ...exact, ...(change === null ? [] : [change]), definition]
        .map((one, n) => (n === 0 ? one : `  ${one}`))
        .join('\n'),
    ),
    'How to check it',
    checking.join('\n'),
  ].join('\n\n')}\n`;
}
