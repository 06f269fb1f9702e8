import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { line, lines, type Shown } from '../../cli/rendering/plain-text.js';
import { saveFiles } from '../../cli/save-file.js';
import type { Session } from '../../cli/session.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { ReportAnswer } from '../queries/report-answer.js';
import { reportPage } from './report-page.js';

export interface Saving {
  out?: string | undefined;
  prove?: boolean;
}

const FORMS = ['report.txt', 'report.json', 'report.html'] as const;

/** A report in each of its forms. Equal reports have equal bytes. */
export const formsOf = ({
  report,
  text,
}: Pick<ReportAnswer, 'report' | 'text'>): Record<(typeof FORMS)[number], string> => ({
  'report.txt': text,
  'report.json': `${JSON.stringify(report, null, 2)}\n`,
  'report.html': reportPage(report),
});

/**
 * Writes the files of a report into a folder. They are made before the report is asked for, and none is left if it or its proof
 * is refused.
 * @returns the report, and their paths
 * @throws InvalidInput if the folder has one of them; whatever `ask` throws
 */
export async function saveReport(
  { client }: Session,
  { out, prove }: Saving,
  ask: () => Promise<ReportAnswer>,
): Promise<{ answer: ReportAnswer; files: string[] }> {
  if (out === undefined) return { answer: await ask(), files: [] };
  await mkdir(out, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new InvalidInput([{ field: '--out', message: `${out} can't be made (${error.code}): name another folder` }]);
  });
  const paths = [...FORMS, ...(prove ? ['report.evidence'] : [])].map((name) => join(out, name));
  const { answer } = await saveFiles(paths, async () => {
    const answer = await ask();
    const { reportId, position: id } = answer.publication ?? {};
    const asked = { id, kind: 'position', reason: `report ${reportId}` };
    const proof = prove ? [(await client.content('POST', '/v1/evidence-bundles', asked)).bytes] : [];
    const forms = formsOf(answer);
    return { answer, files: [...FORMS.map((name) => Buffer.from(forms[name])), ...proof] };
  });
  return { answer, files: paths };
}

export const savedText = (files: readonly string[]): Shown[] =>
  files.length === 0 ? [] : [lines(files.map((file) => line`written: ${file}`))];
