import { type CommandGroup, command, integer } from '../../../libs/cli/commands.js';
import { EXIT } from '../../../libs/cli/exit-codes.js';
import { line, lines, paragraphs, type Shown } from '../../../libs/cli/rendering/plain-text.js';
import { pairs, table } from '../../../libs/cli/rendering/table.js';
import { InvalidInput } from '../../../libs/kernel/errors.js';
import { metricsText } from '../../../libs/safety/cli/metrics-table.js';
import { parseFlags, parsePrompts, parseReviews, readDataFile } from './data-files.js';
import { type ImportData, type ImportReport, runImport } from './run-import.js';

interface ImportOptions {
  prompts?: string;
  flags?: string;
  reviews?: string;
  throughQueues?: true;
  pace?: number;
}

const SHOWN_FAULTS = 50;

export const importCommand: CommandGroup = (program, run) => {
  command(
    program,
    'import',
    'Imports prompts, flags and human reviews from files, through the public API. Repeating it changes nothing.',
    'import --prompts prompts.tsv',
    'import --prompts prompts.tsv --flags flags.csv --reviews reviews.csv',
    'import --flags flags.csv --reviews reviews.csv --through-queues',
  )
    .option('--prompts <file>', 'TSV with the columns Prompt and Category; each row becomes a generated image')
    .option('--flags <file>', 'CSV with the columns flag_id, submitted_at, submitter_id, categories')
    .option('--reviews <file>', 'CSV with the columns flag_id, reviewer_id, answer_time_ms, verdict; requires --flags')
    .option(
      '--through-queues',
      'play the reviewers of the file, who claim cases from queues, look at them and judge them, instead of importing their verdicts as those of an outside tool; needs an administrator',
    )
    .option(
      '--pace <n>',
      'how many times as fast as in the file they answer; by default at once',
      integer(1, 1_000_000),
    )
    .action(
      run<ImportOptions>(async (session, options) => {
        const { throughQueues, pace } = checked(options);
        const how = { ...(throughQueues && { throughQueues }), ...(pace !== undefined && { pace }) };
        const report = await runImport(session, await readAll(options), how);
        session.print(report, () => importText(report));
        return report.quarantined.length > 0 ? EXIT.failed : EXIT.done;
      }),
    );
};

/** @throws InvalidInput for an option without the one that it needs */
function checked(options: ImportOptions): ImportOptions {
  const { reviews, throughQueues, pace } = options;
  if (throughQueues && reviews === undefined) {
    throw new InvalidInput([{ field: '--through-queues', message: 'requires --reviews, whose reviewers it plays' }]);
  }
  if (pace !== undefined && !throughQueues) {
    throw new InvalidInput([{ field: '--pace', message: 'requires --through-queues, whose reviewers answer at it' }]);
  }
  return options;
}

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

function importText({ phases, quarantined, judged, metrics }: ImportReport): Shown {
  const parts = [
    table(
      ['events', 'accepted', 'duplicate', 'quarantined'],
      phases.map((one) => [one.phase, one.accepted, one.duplicate, one.quarantined]),
    ),
  ];
  if (judged) {
    parts.push(
      pairs([
        ['reviewers', `${judged.reviewers} in ${judged.teams} teams`],
        ['verdicts', judged.verdicts],
        ['repeated rows, left out', judged.repeated],
        ['claims renewed', judged.renewed],
        ['claims lost', judged.lost],
        ['images revealed', judged.revealed],
        ['images not shown', judged.notShown],
      ]),
    );
  }
  if (quarantined.length > 0) {
    const rows = quarantined.slice(0, SHOWN_FAULTS).map((one) => [one.id, one.reason, one.field, one.detail]);
    const more = quarantined.length > SHOWN_FAULTS ? [line`show all: gatehouse quarantine list`] : [];
    parts.push(lines([line`quarantined:`, table(['event', 'reason', 'field', 'detail'], rows), ...more]));
  }
  return paragraphs([...parts, metricsText(metrics)]);
}
