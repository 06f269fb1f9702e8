import { type CommandGroup, command, defaultCommand, positionOrTime } from '../cli/commands.js';
import { EXIT } from '../cli/exit-codes.js';
import { line, lines, paragraphs, quotation } from '../cli/rendering/plain-text.js';
import { rowsOf, table, time } from '../cli/rendering/table.js';
import { InvalidInput } from '../kernel/errors.js';
import { counted } from './cli/counted.js';
import { type Saving, savedText, saveReport } from './cli/report-files.js';
import { differencesOf } from './cli/verify-report.js';
import type { ReportAnswer } from './queries/report-answer.js';
import type { ReportsAnswer } from './queries/show-reports.js';

interface Options extends Saving {
  at: string;
}

const FOLDER = 'a folder for report.txt, report.json and report.html';
const PROVE = 'with --out: report.evidence too, which proves the publication; role compliance or administrator';

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('report')
    .description('Counts, publishes and verifies reports of the rollout as of a position of the log.');

  defaultCommand(
    group,
    'preview',
    'Shows the report as of a position or a time, counted from the log, without publishing it. Role lead, operator, compliance or administrator.',
    'report preview --at 1045',
    'report --at 2022-05-18T09:00:00Z --out update-2022-05-18',
  )
    .requiredOption('--at <moment>', 'a position of the log or a time (RFC 3339)', positionOrTime)
    .option('--out <folder>', FOLDER)
    .action(
      run<{ at: string; out?: string }>(async (session, { at, out }) => {
        const { answer, files } = await saveReport(session, { out }, () =>
          counted(session, () => session.client.get<ReportAnswer>('/v1/report-preview', { at })),
        );
        session.print({ ...answer, files }, () => paragraphs([quotation(answer.text), ...savedText(files)]));
      }),
    );

  command(
    group,
    'publish',
    'Publishes the report as of a position or a time: an event records its figures, the digest of its text, and who published it. Role operator, compliance or administrator.',
    'report publish --at 1045 --out update-2022-05-18 --prove',
  )
    .requiredOption('--at <moment>', 'a position of the log or a time (RFC 3339)', positionOrTime)
    .option('--out <folder>', FOLDER)
    .option('--prove', PROVE)
    .action(
      run<Options>(async (session, { at, ...saving }) => {
        refuseProofWithoutFolder(saving);
        const { answer, files } = await saveReport(session, saving, () =>
          counted(session, () => session.client.post<ReportAnswer>('/v1/reports', { at }, { repeatable: true })),
        );
        session.print({ ...answer, files }, () =>
          paragraphs([
            quotation(answer.text),
            line`published as report ${answer.publication?.reportId} at position ${answer.position}`,
            ...savedText(files),
          ]),
        );
      }),
    );

  command(group, 'list', 'Lists the published reports, the newest first.', 'report list').action(
    run(async ({ client, print }) => {
      const answer = await client.get<ReportsAnswer>('/v1/reports');
      print(answer, () =>
        table(
          ['report', 'as of', 'published', 'by', 'position', 'SHA-256'],
          answer.reports.map((one) => [
            ...[one.reportId, time(one.asOf), time(one.publishedAt), one.publishedBy.id, one.position, one.sha256],
          ]),
          'no report was published',
        ),
      );
    }),
  );

  command(
    group,
    'show <id>',
    'Shows a published report.',
    'report show 1045',
    'report show 1045 --out update-2022-05-18 --prove',
  )
    .option('--out <folder>', FOLDER)
    .option('--prove', PROVE)
    .action(
      run<Saving>(async (session, saving, id) => {
        refuseProofWithoutFolder(saving);
        const { answer, files } = await saveReport(session, saving, () =>
          session.client.get<ReportAnswer>(`/v1/reports/${encodeURIComponent(id!)}`),
        );
        session.print({ ...answer, files }, () => paragraphs([quotation(answer.text), ...savedText(files)]));
      }),
    );

  command(
    group,
    'verify <report>',
    `Counts the figures of a published report again from the log and compares them; or those of one of its files. The exit code is ${EXIT.differs} if it differs.`,
    'report verify 1045',
    'report verify update-2022-05-18/report.html',
  ).action(
    run(async (session, _, given) => {
      const found = await differencesOf(session, given!);
      const { reportId, isPublished, differences } = found;
      session.print(found, () =>
        differences.length > 0
          ? table(['what', 'how it differs'], rowsOf(differences, 'what', 'how'))
          : lines([
              line`report ${reportId} is what the log says`,
              isPublished ? line`it was published` : line`it was not published`,
            ]),
      );
      return differences.length === 0 ? EXIT.done : EXIT.differs;
    }),
  );
};

function refuseProofWithoutFolder({ out, prove }: Saving): void {
  if (prove && out === undefined) throw new InvalidInput([{ field: '--prove', message: 'requires --out' }]);
}
