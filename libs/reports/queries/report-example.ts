import { ReportPublished } from '../events.js';
import type { Published } from '../report.js';
import type { ReportAnswer } from './report-answer.js';
import { renderReport } from './report-document.js';

const { example } = ReportPublished;
const publishedAt = 1046;

const published: Published = {
  data: example,
  by: { kind: 'user', id: 'cleo', role: 'compliance' },
  at: '2022-05-18T09:01:00.000Z',
  position: publishedAt,
};

/** For the documents of the API. */
export const reportExample: ReportAnswer = {
  ...renderReport(example, [published], undefined),
  position: String(publishedAt),
};
