import { ApiProblem } from '../../cli/api-errors.js';
import { textOf } from '../../cli/json-file.js';
import type { Session } from '../../cli/session.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { ReportAnswer } from '../queries/report-answer.js';
import { counted } from './counted.js';
import { formsOf } from './report-files.js';

interface Difference {
  what: string;
  how: string;
}

interface Verified {
  reportId: string;
  isPublished: boolean;
  /** Empty if it is what the log says. */
  differences: Difference[];
}

/** A report says its position in its first line; as JSON and as a page too. */
const POSITION = /position"?:? "?(\d{1,16})\b/;

/**
 * Compares a report with what is counted from the log.
 * @param given the id of a published report, or a file
 * @throws InvalidInput if the file is no report; ApiProblem report-unknown
 */
export async function differencesOf(session: Session, given: string): Promise<Verified> {
  if (/^\d+$/.test(given)) {
    const published = await session.client.get<ReportAnswer>(`/v1/reports/${given}`);
    return {
      reportId: given,
      isPublished: true,
      differences: comparePublished(published, await recounted(session, given)),
    };
  }
  const content = await textOf('the file', given);
  const reportId = POSITION.exec(content)?.[1];
  if (reportId === undefined) {
    throw new InvalidInput([
      { field: 'the file', message: `${given} is not a report: name report.txt, .json or .html` },
    ]);
  }
  const published = await publishedOf(session, reportId);
  // A copy of the log has other positions, and the published report by its id.
  const now = published ? await recounted(session, reportId) : await asOf(session, reportId);
  const isSame = Object.values(formsOf(now)).includes(content);
  return {
    reportId,
    isPublished: published !== undefined,
    differences: [
      ...(isSame ? [] : [{ what: given, how: `is not the report as of position ${reportId}, counted from the log` }]),
      ...(published ? comparePublished(published, now) : []),
    ],
  };
}

const recounted = (session: Session, id: string): Promise<ReportAnswer> =>
  counted(session, () => session.client.get<ReportAnswer>(`/v1/reports/${id}`, { recount: 'true' }));

const asOf = (session: Session, position: string): Promise<ReportAnswer> =>
  counted(session, () => session.client.get<ReportAnswer>('/v1/report-preview', { at: position }));

async function publishedOf({ client }: Session, reportId: string): Promise<ReportAnswer | undefined> {
  try {
    return await client.get<ReportAnswer>(`/v1/reports/${reportId}`);
  } catch (error) {
    if (error instanceof ApiProblem && error.code === 'report-unknown') return undefined;
    throw error;
  }
}

function comparePublished({ report, sha256, publication }: ReportAnswer, now: ReportAnswer): Difference[] {
  const differences = report.figures.flatMap((figure, n): Difference[] => {
    const other = now.report.figures[n];
    if (JSON.stringify(figure) === JSON.stringify(other)) return [];
    return [
      { what: figure.title, how: `${figure.exact.join('; ')} was published, the log has ${other?.exact.join('; ')}` },
    ];
  });
  if (sha256 !== now.sha256) differences.push({ what: 'the text', how: 'differs from that counted from the log' });
  if (publication?.sha256 !== now.sha256)
    differences.push({ what: 'its digest', how: 'is not that of the published text' });
  return differences;
}
