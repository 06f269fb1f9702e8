import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { line, lines, type Shown } from '../../cli/rendering/plain-text.js';
import { saveFile } from '../../cli/save-file.js';
import type { Session } from '../../cli/session.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { ReportAnswer } from '../queries/report-answer.js';
import { reportPage } from './report-page.js';

export interface Saving {
  out?: string | undefined;
  prove?: boolean;
}

/** A report in each of its forms. Equal reports have equal bytes. */
export const formsOf = ({ report, text }: Pick<ReportAnswer, 'report' | 'text'>) => ({
  'report.txt': text,
  'report.json': `${JSON.stringify(report, null, 2)}\n`,
  'report.html': reportPage(report),
});

/**
 * Writes the files of a report into a folder.
 * @returns their paths
 * @throws InvalidInput if the folder has one of them
 */
export async function saveReport({ client }: Session, answer: ReportAnswer, { out, prove }: Saving): Promise<string[]> {
  if (out === undefined) return [];
  await mkdir(out, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new InvalidInput([{ field: '--out', message: `${out} can't be made (${error.code}): name another folder` }]);
  });
  const files: string[] = [];
  const save = async (name: string, contentOf: () => Promise<{ bytes: Buffer }>) => {
    await saveFile(join(out, name), contentOf);
    files.push(join(out, name));
  };
  for (const [name, text] of Object.entries(formsOf(answer))) {
    await save(name, async () => ({ bytes: Buffer.from(text) }));
  }
  const { publication } = answer;
  if (prove && publication) {
    const asked = { id: publication.position, kind: 'position', reason: `report ${publication.reportId}` };
    await save('report.evidence', () => client.content('POST', '/v1/evidence-bundles', asked));
  }
  return files;
}

export const savedText = (files: readonly string[]): Shown[] =>
  files.length === 0 ? [] : [lines(files.map((file) => line`written: ${file}`))];
