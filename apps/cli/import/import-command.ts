import { type CommandGroup, command } from '../../../libs/cli/commands.js';
import { EXIT } from '../../../libs/cli/exit-codes.js';
import { line, lines, paragraphs, type Shown } from '../../../libs/cli/rendering/plain-text.js';
import { table } from '../../../libs/cli/rendering/table.js';
import { InvalidInput } from '../../../libs/kernel/errors.js';
import { metricsText } from '../../../libs/safety/cli/metrics-table.js';
import { parseFlags, parsePrompts, parseReviews, readDataFile } from './data-files.js';
import { type ImportData, type ImportReport, runImport } from './run-import.js';

interface ImportOptions {
  prompts?: string;
  flags?: string;
  reviews?: string;
}

const SHOWN_FAULTS = 50;

export const importCommand: CommandGroup = (program, run) => {
  command(
    program,
    'import',
    'Imports prompts, flags and human reviews from files, through the public API. Repeating it changes nothing.',
    'import --prompts prompts.tsv',
    'import --prompts prompts.tsv --flags flags.csv --reviews reviews.csv',
  )
    .option('--prompts <file>', 'TSV with the columns Prompt and Category; each row becomes a generated image')
    .option('--flags <file>', 'CSV with the columns flag_id, submitted_at, submitter_id, categories')
    .option('--reviews <file>', 'CSV with the columns flag_id, reviewer_id, answer_time_ms, verdict; requires --flags')
    .action(
      run<ImportOptions>(async (session, options) => {
        const report = await runImport(session, await readAll(options));
        session.print(report, () => importText(report));
        return report.quarantined.length > 0 ? EXIT.failed : EXIT.done;
      }),
    );
};

/** Reads and validates every file before anything is sent. */
async function readAll({ prompts, flags, reviews }: ImportOptions): Promise<ImportData> {
  if ((prompts ?? flags ?? reviews) === undefined) {
    throw new InvalidInput([{ field: '', message: 'nothing to import: name --prompts, --flags or both' }]);
  }
  if (reviews !== undefined && flags === undefined) {
    throw new InvalidInput([{ field: '--reviews', message: 'requires --flags, because a review belongs to a flag' }]);
  }
  const read = async <Row>(option: string, path: string | undefined, parse: (name: string, text: string) => Row[]) => {
    if (path === undefined) return [];
    const { name, text } = await readDataFile(option, path);
    return parse(name, text);
  };
  const flagRows = await read('--flags', flags, parseFlags);
  return {
    prompts: await read('--prompts', prompts, parsePrompts),
    flags: flagRows,
    reviews: await read('--reviews', reviews, (name, text) => parseReviews(name, text, flagRows)),
  };
}

function importText({ phases, quarantined, metrics }: ImportReport): Shown {
  const parts = [
    table(
      ['events', 'accepted', 'duplicate', 'quarantined'],
      phases.map((one) => [one.phase, one.accepted, one.duplicate, one.quarantined]),
    ),
  ];
  if (quarantined.length > 0) {
    const rows = quarantined.slice(0, SHOWN_FAULTS).map((one) => [one.id, one.reason, one.field, one.detail]);
    const more = quarantined.length > SHOWN_FAULTS ? [line`show all: gatehouse quarantine list`] : [];
    parts.push(lines([line`quarantined:`, table(['event', 'reason', 'field', 'detail'], rows), ...more]));
  }
  return paragraphs([...parts, metricsText(metrics)]);
}
