import { describe, expect, it } from '@jest/globals';
import { InvalidInput } from '../../../libs/kernel/errors.js';
import { parseFlags, parsePrompts, parseReviews } from './data-files.js';

const FLAGS = 'flag_id,submitted_at,submitter_id,categories';
const REVIEWS = 'flag_id,reviewer_id,answer_time_ms,verdict';
const flags = parseFlags('flags.csv', `${FLAGS}\n7,2023-07-06T09:11:22Z,2010,violent|hate\n`);

/** The faults, one line each. */
function faults(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof InvalidInput) return error.errors.map(({ field, message }) => `${field} ${message}`);
    throw error;
  }
  return [];
}

describe('prompts', () => {
  it('are parsed as tab-separated values without quoting', () => {
    const text = 'Prompt\tCategory\tNote\na sign with "Open"\tArts\t\n"bond\tAbstract\tx\r\n';
    expect(parsePrompts('prompts.tsv', text)).toEqual([
      { prompt: 'a sign with "Open"', category: 'Arts' },
      { prompt: '"bond', category: 'Abstract' },
    ]);
  });

  it('are rejected without their columns or rows', () => {
    expect(faults(() => parsePrompts('p.tsv', 'Text\tCategory\nx\ty\n'))).toEqual([
      'p.tsv line 1: the header has no column Prompt (its columns are Text, Category): check that it is the right file',
    ]);
    expect(faults(() => parsePrompts('p.tsv', 'Prompt\tCategory\n'))[0]).toMatch(/no rows below its header/);
    expect(faults(() => parsePrompts('p.tsv', ''))[0]).toMatch(/p.tsv line 1: the file has no rows/);
  });
});

describe('flags', () => {
  it('are parsed with their categories, with a byte order mark and either line ending', () => {
    expect(parseFlags('f.csv', `\uFEFF${FLAGS}\r\n7,2023-07-06T09:11:22Z,2010,violent|hate\r\n`)).toEqual(flags);
    expect(flags).toEqual([
      { flagId: '7', submittedAt: '2023-07-06T09:11:22.000Z', submitterId: '2010', categories: ['violent', 'hate'] },
    ]);
  });

  it('report the line, the column and the remedy of every fault', () => {
    const text = `${FLAGS}\n1,2023-02-30T00:00:00Z,a,violent\n\n-,2023-07-06T09:11:22Z,a b,Violent\n`;
    expect(faults(() => parseFlags('f.csv', text))).toEqual([
      'f.csv line 2: submitted_at is "2023-02-30T00:00:00Z"; it must be a time with an offset, such as 2023-07-06T09:11:22Z',
      expect.stringMatching(/^f.csv line 4: flag_id is "-"; it must be letters, digits/),
      expect.stringMatching(/^f.csv line 4: submitter_id is "a b"; it must be/),
      expect.stringMatching(/^f.csv line 4: categories is "Violent"; it must be lower-case labels/),
    ]);
  });

  it('are rejected if a line has too few columns, a quotation mark is not closed or an id is repeated', () => {
    expect(faults(() => parseFlags('f.csv', `${FLAGS}\n1,2\n`))).toEqual([
      'f.csv line 2: the line has more or fewer columns than the header: correct the line',
    ]);
    expect(faults(() => parseFlags('f.csv', `${FLAGS}\n"1,2023-07-06T09:11:22Z,a,b\n`))[0]).toMatch(/quotation mark/);
    const row = '1,2023-07-06T09:11:22Z,a,b\n';
    expect(faults(() => parseFlags('f.csv', `${FLAGS}\n${row}${row}`))).toEqual([
      'f.csv line 3: flag_id 1 is also on line 2: remove one of them',
    ]);
  });

  it('report the first ten faults of many', () => {
    const wrong = faults(() => parseFlags('f.csv', `${FLAGS}\n${'x,y,z,a\n'.repeat(25)}`));
    expect(wrong).toHaveLength(11);
    expect(wrong.at(-1)).toMatch(/and 15 more wrong lines/);
  });
});

describe('reviews', () => {
  it('are parsed with their duration', () => {
    expect(parseReviews('r.csv', `${REVIEWS}\n7,43,21574,unsafe\n`, flags)).toEqual([
      { flagId: '7', reviewerId: '43', answerTimeMs: 21_574, verdict: 'unsafe' },
    ]);
  });

  it('are rejected for an unknown flag, and with an invalid verdict or time', () => {
    expect(faults(() => parseReviews('r.csv', `${REVIEWS}\n7,43,1,safe\n8,43,1,safe\n`, flags))).toEqual([
      'r.csv line 3: flag_id 8 is not in the file of flags: add it there, or remove the line',
    ]);
    expect(faults(() => parseReviews('r.csv', `${REVIEWS}\n7,43,1.5,bad\n`, flags))).toEqual([
      'r.csv line 2: answer_time_ms is "1.5"; it must be an integer, in milliseconds',
      'r.csv line 2: verdict is "bad"; it must be one of safe, unsafe, unsure',
    ]);
  });
});
