import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse';
import type { ApiClient } from '../../cli/api-client.js';
import { ApiProblem } from '../../cli/api-errors.js';
import { type CommandGroup, command, integer, sharedGroup } from '../../cli/commands.js';
import { EXIT } from '../../cli/exit-codes.js';
import { line, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { table } from '../../cli/rendering/table.js';
import { counted, people } from '../../kernel/counted.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { JoinAnswer } from '../features/join-waitlist.js';

const COLUMNS = ['email', 'priority', 'class', 'locale', 'policyVersion', 'reason'];
const LONGEST_ROW = 16_384;
/** What the backend says of a row itself; anything else stops the import. */
const FAULTS_OF_A_ROW = [400, 404, 409, 422];
/** What it would say of every other row, too. */
const FAULTS_OF_ALL_ROWS = ['join-suspended', 'policy-unreadable'];

interface ImportReport {
  /** The people of valid rows, whether they are new or were known. */
  imported: number;
  /** Rows that changed nothing, because they are not valid or were refused. */
  bad: { line: number; why: string }[];
}

type Row = Record<string, string>;

export const waitlistImportCommand: CommandGroup = (program, run) => {
  const group = sharedGroup(program, 'waitlist', 'Adds people to the waitlist, removes them and lists it.');
  command(
    group,
    'import <file>',
    `Adds the people of a CSV file, in its order, and reports bad rows. Its first row names the columns: ${COLUMNS.join(', ')}; only email is required. Repeat it after an interruption: it adds nobody twice, but people who left in between join again; --after continues behind a line.`,
    'waitlist import people.csv',
    'waitlist import people.csv --after 120000 --json',
  )
    .option('--after <line>', 'skip the rows up to this line of the file', integer(1, Number.MAX_SAFE_INTEGER), 0)
    .option(
      '--addresses-confirmed',
      'the addresses are confirmed already, so that nobody gets a link: the log has who said so',
      false,
    )
    .action(
      run<{ after: number; addressesConfirmed: boolean }>(async ({ client, print, progress }, options, file) => {
        const { after, addressesConfirmed } = options;
        // Without a credential the backend would leave it out and send links.
        if (addressesConfirmed && client.token === undefined) throw notConfirmedByThem();
        const common = addressesConfirmed ? { addressConfirmed: true } : {};
        progress.start('importing', await sizeOf(file!));
        const report = await importPeople(client, file!, { after, common }, (bytes) => progress.update(bytes));
        progress.end();
        print(report, () => reportText(report));
        return report.bad.length > 0 ? EXIT.failed : EXIT.done;
      }),
    );
};

/** One after the other: the order of the file becomes the order of joining. */
async function importPeople(
  client: ApiClient,
  file: string,
  { after, common }: { after: number; common: object },
  read: (bytes: number) => void,
): Promise<ImportReport> {
  const report: ImportReport = { imported: 0, bad: [] };
  let end = 0;
  const bad = (at: number, why: string, last = at) => {
    end = Math.max(end, last);
    if (last > after) report.bad.push({ line: at, why });
  };
  for await (const { line: at, bytes, row } of rowsOf(file, bad)) {
    end = Math.max(end, at);
    if (at <= after) continue;
    const why = await faultOf(client, { ...bodyOf(row), ...common });
    if (why === undefined) report.imported++;
    else bad(at, why);
    read(bytes);
  }
  if (after > end) {
    const message = `is ${after}, but the last row of the file is at line ${end}, so nothing was imported: check the line`;
    throw new InvalidInput([{ field: '--after', message }]);
  }
  report.bad.sort((one, other) => one.line - other.line);
  return report;
}

async function faultOf(client: ApiClient, body: object): Promise<string | undefined> {
  try {
    await client.post<JoinAnswer>('/v1/waitlist', body, { repeatable: true });
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiProblem) || !FAULTS_OF_A_ROW.includes(error.status)) throw error;
    if (error.code === 'confirmation-reserved') throw notConfirmedByThem();
    if (FAULTS_OF_ALL_ROWS.includes(error.code)) throw error;
    const fields = (error.problem.errors ?? []).map(({ field, message }) => `${field.replace('/', '')} ${message}`);
    return fields.length > 0 ? fields.join('; ') : error.message;
  }
}

const notConfirmedByThem = (): InvalidInput => {
  const message =
    'is for operators only: import with a token of the role operator or administrator, or leave the option out, so that each person gets a link';
  return new InvalidInput([{ field: '--addresses-confirmed', message }]);
};

/** @throws InvalidInput for a file that is empty or can't be read */
async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new Error('it is a directory');
    if (found.size === 0) checkedColumns([]);
    return found.size;
  } catch (error) {
    if (error instanceof InvalidInput) throw error;
    throw new InvalidInput([{ field: file, message: `can't be read: ${(error as Error).message}` }]);
  }
}

/** Empty cells are left out. What is no number goes to the backend as it is, which says so. */
function bodyOf({ priority, ...others }: Row): Record<string, unknown> {
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== ''));
  if (priority === undefined || priority === '') return given;
  return { ...given, priority: /^\d+$/.test(priority) ? Number(priority) : priority };
}

interface ReadRow {
  /** The last line of the row. */
  line: number;
  /** Those of the file up to it. */
  bytes: number;
  row: Row;
}

/** What is wrong with a row that may have swallowed others: the parser names the line at which it gave up. */
const FAULTS_OF_A_START: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote that begins here is not closed, so nothing from here on was imported',
  CSV_MAX_RECORD_SIZE: `the row that begins here has more than ${LONGEST_ROW} bytes; if a quote in it is not closed, nothing from here on was imported`,
};

/**
 * Blank lines are passed over.
 * @param bad with the line of the row, and the last line that belongs to it
 * @throws InvalidInput for a file that is no CSV with these columns
 */
async function* rowsOf(file: string, bad: (at: number, why: string, last: number) => void): AsyncGenerator<ReadRow> {
  const source = createReadStream(file);
  // The last line of the row before, as of parsing: rows are buffered until somebody asks for them.
  let before = 1;
  const parser = parse({
    ...{ bom: true, columns: checkedColumns, info: true, trim: true, max_record_size: LONGEST_ROW },
    ...{ skip_empty_lines: true, skip_records_with_error: true },
    on_record(record, { lines }) {
      before = lines;
      return record;
    },
    on_skip(error) {
      const last = Number(error?.lines ?? before + 1);
      const fault = FAULTS_OF_A_START[error?.code ?? ''];
      if (fault === undefined) bad(last, error?.message ?? 'is no row of CSV', last);
      else bad(before + 1, fault, last);
      before = last;
    },
  });
  source.on('error', (error) => parser.destroy(error));
  try {
    for await (const { info, record } of source.pipe(parser)) {
      yield { line: info.lines, bytes: info.bytes, row: record };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new InvalidInput([{ field: file, message: `is no valid CSV: ${error.message}` }]);
  } finally {
    source.destroy();
  }
}

/** @throws InvalidInput */
function checkedColumns(names: string[]): string[] {
  const areKnown = names.every((name) => COLUMNS.includes(name));
  if (areKnown && names.includes('email') && new Set(names).size === names.length) return names;
  const given = names.length === 0 ? 'but the file is empty' : `not: ${names.join(', ')}`;
  const message = `must name the columns ${COLUMNS.join(', ')}, each at most once, of which email is required, ${given}`;
  throw new InvalidInput([{ field: 'the first row', message }]);
}

function reportText({ imported, bad }: ImportReport): Shown {
  const rows = bad.map((one) => [one.line, one.why]);
  return paragraphs([
    line`${people(imported, ['is', 'are'])} on the waitlist or ${imported === 1 ? 'was' : 'were'} onboarded before, ${counted(bad.length, 'row is', 'rows are')} bad`,
    ...(rows.length > 0 ? [table(['line', 'why'], rows)] : []),
  ]);
}
