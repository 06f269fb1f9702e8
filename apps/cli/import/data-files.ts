import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import type { DataOf } from '../../../libs/events/event-definition.js';
import { toIso } from '../../../libs/kernel/clock.js';
import { InvalidInput } from '../../../libs/kernel/errors.js';
import { isEntityId, isInstant, isLabel, parseInstant } from '../../../libs/kernel/text-forms.js';
import type { VerdictGiven } from '../../../libs/review/index.js';

/** One line of a file. */
interface Line {
  /** 1-based, including the header. */
  number: number;
  fields: Record<string, string>;
}

export interface PromptRow {
  prompt: string;
  category: string;
}

export interface FlagRow {
  flagId: string;
  /** RFC 3339. */
  submittedAt: string;
  submitterId: string;
  categories: string[];
}

type Verdict = DataOf<typeof VerdictGiven>['verdict'];

export interface ReviewRow {
  flagId: string;
  reviewerId: string;
  answerTimeMs: number;
  verdict: Verdict;
}

/** The rule of a column: its name, a predicate, and a description of valid values. */
type Rule = readonly [column: string, fits: (value: string) => boolean, expected: string];

/** Ids are prefixed on import. */
const LONGEST_ID = 150;
const MAX_LABELS = 20;
const VERDICTS: readonly string[] = ['safe', 'unsafe', 'unsure'] satisfies Verdict[];
const LONGEST_ANSWER_MS = 31 * 86_400_000;
const LONGEST_PROMPT = 4_000;
const MAX_REPORTED_LINES = 10;

const isId = (value: string) => value.length <= LONGEST_ID && isEntityId(value);
const areLabels = (labels: readonly string[]) => labels.length <= MAX_LABELS && labels.every(isLabel);
const ID_FORM = 'letters, digits and . _ : ~ -, starting with a letter or digit';

const PROMPT_RULES: readonly Rule[] = [
  [
    'Prompt',
    (value) => value.trim() !== '' && value.length <= LONGEST_PROMPT,
    `text of 1 to ${LONGEST_PROMPT} characters`,
  ],
  ['Category', (value) => /[a-z0-9]/i.test(value) && value.length <= 150, 'the name of a category'],
];

const FLAG_RULES: readonly Rule[] = [
  ['flag_id', isId, ID_FORM],
  ['submitted_at', isInstant, 'a time with an offset, such as 2023-07-06T09:11:22Z'],
  ['submitter_id', isId, ID_FORM],
  ['categories', (value) => areLabels(value.split('|')), 'lower-case labels separated by |, such as violent|hate'],
];

const REVIEW_RULES: readonly Rule[] = [
  ['flag_id', isId, ID_FORM],
  ['reviewer_id', isId, ID_FORM],
  [
    'answer_time_ms',
    (value) => /^\d{1,10}$/.test(value) && Number(value) <= LONGEST_ANSWER_MS,
    'an integer, in milliseconds',
  ],
  ['verdict', (value) => VERDICTS.includes(value), `one of ${VERDICTS.join(', ')}`],
];

/** Tab-separated, without quoting. */
export function parsePrompts(name: string, text: string): PromptRow[] {
  return linesOf(name, text, PROMPT_RULES, { delimiter: '\t', quote: false }).map(({ fields }) => ({
    prompt: fields.Prompt!.trim(),
    category: fields.Category!.trim(),
  }));
}

/** @throws InvalidInput, also for a repeated flag_id */
export function parseFlags(name: string, text: string): FlagRow[] {
  const lines = linesOf(name, text, FLAG_RULES, {});
  const seen = new Map<string, number>();
  const repeated = lines.flatMap(({ number, fields }) => {
    const first = seen.get(fields.flag_id!);
    seen.set(fields.flag_id!, first ?? number);
    return first === undefined
      ? []
      : [at(name, number, `flag_id ${fields.flag_id} is also on line ${first}: remove one of them`)];
  });
  refuse(repeated);
  return lines.map(({ fields }) => ({
    flagId: fields.flag_id!,
    submittedAt: toIso(parseInstant(fields.submitted_at!)!),
    submitterId: fields.submitter_id!,
    categories: fields.categories!.split('|'),
  }));
}

/**
 * @param flags the reviewed flags
 * @throws InvalidInput, also for a review of an unknown flag
 */
export function parseReviews(name: string, text: string, flags: readonly FlagRow[]): ReviewRow[] {
  const known = new Set(flags.map((flag) => flag.flagId));
  const lines = linesOf(name, text, REVIEW_RULES, {});
  const strange = lines
    .filter(({ fields }) => !known.has(fields.flag_id!))
    .map(({ number, fields }) =>
      at(name, number, `flag_id ${fields.flag_id} is not in the file of flags: add it there, or remove the line`),
    );
  refuse(strange);
  return lines.map(({ fields }) => ({
    flagId: fields.flag_id!,
    reviewerId: fields.reviewer_id!,
    answerTimeMs: Number(fields.answer_time_ms),
    verdict: fields.verdict as Verdict,
  }));
}

/** @throws InvalidInput */
export async function readDataFile(option: string, path: string): Promise<{ name: string; text: string }> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
    return { name: basename(path), text };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
        ? 'is not UTF-8: convert it'
        : `can't be read (${code}): check the path`;
    throw new InvalidInput([{ field: option, message: `${path} ${why}` }]);
  }
}

function linesOf(
  name: string,
  text: string,
  rules: readonly Rule[],
  options: { delimiter?: string; quote?: false },
): Line[] {
  const columns = rules.map(([column]) => column);
  let records: { record: Record<string, string>; info: { lines: number } }[];
  try {
    records = parse(text, {
      ...options,
      bom: true,
      info: true,
      skip_empty_lines: true,
      columns(header: string[]) {
        const missing = columns.filter((column) => !header.includes(column));
        if (missing.length > 0) {
          const found = header.join(', ').slice(0, 200);
          refuse([
            at(
              name,
              1,
              `the header has no column ${missing.join(', ')} (its columns are ${found}): check that it is the right file`,
            ),
          ]);
        }
        return header;
      },
    }) as never;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new InvalidInput([at(name, Number(error.lines ?? 1), csvFault(error))]);
  }
  if (records.length === 0)
    refuse([at(name, 1, 'the file has no rows below its header: check that it is the right file')]);
  const lines = records.map(({ record, info }) => ({ number: info.lines, fields: record }));
  refuse(lines.flatMap((line) => faultsOf(name, line, rules)));
  return lines;
}

const faultsOf = (name: string, { number, fields }: Line, rules: readonly Rule[]) =>
  rules
    .filter(([column, fits]) => !fits(fields[column]!))
    .map(([column, , expected]) =>
      at(name, number, `${column} is ${JSON.stringify(fields[column]!.slice(0, 60))}; it must be ${expected}`),
    );

function csvFault({ code, message }: CsvError): string {
  if (/INCONSISTENT|COLUMN/.test(code)) return 'the line has more or fewer columns than the header: correct the line';
  if (/QUOTE/.test(code))
    return 'a quotation mark is misplaced or not closed: close it, or double it inside a quoted field';
  return `${message.replace(/ at line \d+/, '')}: correct the line`;
}

const at = (name: string, line: number, message: string) => ({ field: `${name} line ${line}:`, message });

/** Reports the first faults only; a file may have thousands. */
function refuse(faults: { field: string; message: string }[]): void {
  if (faults.length === 0) return;
  const shown = faults.slice(0, MAX_REPORTED_LINES);
  const rest = faults.length - shown.length;
  throw new InvalidInput(rest > 0 ? [...shown, { field: '', message: `and ${rest} more wrong lines` }] : shown);
}
