import { type Command, Option } from 'commander';
import { type CommandGroup, command, integer, positionOrTime, reason } from '../cli/commands.js';
import { EXIT } from '../cli/exit-codes.js';
import { checkpointText } from '../cli/log-checkpoint.js';
import { line, lines, paragraphs } from '../cli/rendering/plain-text.js';
import { rowsOf, table, time } from '../cli/rendering/table.js';
import { listed, type Runner } from '../cli/session.js';
import { FORMATS, type Format } from './cli/part-file.js';
import type { DatasetName } from './events.js';
import type { ExportEntry } from './queries/list-exports.js';

export type { ExportAnswer, RowsAnswer } from './queries/export-answer.js';

interface Options {
  from?: string;
  to?: string;
  format: Format;
  reason: string;
  partRows: number;
}

const SUMMARIES: Record<DatasetName, string> = {
  events: 'Exports every event as it is stored, in the order of the log; personal fields are encrypted.',
  decisions:
    'Exports verdicts, reviews, enforcements, measures, appeals, and changes of policy, ladder, switches and rate.',
  cases: 'Exports the cases that were first opened in the range, as they were at its end.',
  moderation: 'Exports flags, cases, reviews, measures and appeals: what the transparency report follows from.',
  accounts: 'Exports the accounts that began in the range, as they were at its end; without addresses.',
};

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('export')
    .description('Exports a range of the log into files with a manifest, and lists who exported what.');
  for (const dataset of Object.keys(SUMMARIES) as DatasetName[]) exportCommand(group, run, dataset);

  command(group, 'list', 'Lists exports, the newest first.', 'export list', 'export list --by cleo')
    .option('--by <person>', 'only those that this person or service made')
    .option('--limit <n>', 'maximum number of exports', integer(1, 1_000_000), 50)
    .action(
      run<{ by?: string; limit: number }>(async (session, { by, limit }) => {
        const items = await listed<ExportEntry>(session, '/v1/exports', { by }, limit);
        const rows = items.map((one) => [
          ...[one.exportId, one.dataset, one.after, one.to, one.madeBy, time(one.madeAt), one.reason],
        ]);
        session.print({ items }, () =>
          table(['export', 'of', 'after', 'to', 'by', 'made', 'reason'], rows, 'nobody exported anything'),
        );
      }),
    );

  command(
    group,
    'verify <folder>',
    `Compares the files of an export with its manifest. Needs no server. The exit code is ${EXIT.differs} if a file differs.`,
    'export verify decisions-2022',
  ).action(
    run(async ({ print }, _, folder) => {
      const { differencesIn } = await import('./cli/export-folder.js');
      const { manifest, differences } = await differencesIn(folder!);
      const { parts, rows } = manifest;
      print({ parts: parts.length, rows, differences }, () =>
        differences.length === 0
          ? line`${rows} rows in ${parts.length} files are as they were exported`
          : table(['file', 'what differs'], rowsOf(differences, 'file', 'what')),
      );
      return differences.length === 0 ? EXIT.done : EXIT.differs;
    }),
  );
};

function exportCommand(group: Command, run: Runner, dataset: DatasetName): void {
  command(
    group,
    `${dataset} <folder>`,
    `${SUMMARIES[dataset]} Role compliance or administrator. Goes on after the last whole file if it is repeated.`,
    `export ${dataset} ${dataset}-2022 --from 2022-01-01T00:00:00Z --to 2023-01-01T00:00:00Z --reason 'yearly audit'`,
  )
    .option(
      '--from <time>',
      'the time of the first event, or the position before it; by default the first event',
      positionOrTime,
    )
    .option('--to <time>', 'the time or the position of the last event; by default the newest', positionOrTime)
    .addOption(new Option('--format <format>', 'the format of the files').choices(FORMATS).default('ndjson'))
    .requiredOption('--reason <text>', 'why; no personal data', reason)
    .option('--part-rows <n>', 'about how many rows go into one file', integer(1, 10_000_000), 200_000)
    .action(
      run<Options>(async (session, options, folder) => {
        const { exportInto } = await import('./cli/export-folder.js');
        const made = await exportInto(session, folder!, { dataset, ...options });
        session.print(made, () =>
          paragraphs([
            line`${made.rows} rows in ${made.parts.length} files, with manifest.json`,
            lines([
              line`positions ${made.range!.after} to ${made.range!.to}, export ${made.exportId}`,
              checkpointText(made, made.range!.to),
            ]),
          ]),
        );
      }),
    );
}
