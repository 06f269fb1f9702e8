import { describe, expect, it } from '@jest/globals';
import { InvalidInput } from '../../../libs/kernel/errors.js';
import { parseFlags, parsePrompts, parseReviews } from './data-files.js';

const FLAGS = 'flag_id,submitted_at,submitter_id,categories';
const REVIEWS = 'flag_id,reviewer_id,answer_time_ms,verdict';
const flags = parseFlags('flags.csv', `${FLAGS}\n7,2023-07-06T09:11:22Z,2010,violent|hate\n`);

/** What is wrong, a line each. */
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
  it('are read with tabs between columns, where a quotation mark is a character like any other', () => {
    const text = 'Prompt\tCategory\tNote\na sign with "Open"\tArts\t\n"bond\tAbstract\tx\r\n';
    expect(parsePrompts('prompts.tsv', text)).toEqual([
      { prompt: 'a sign with "Open"', category: 'Arts' },
      { prompt: '"bond', category: 'Abstract' },
    ]);
  });

  it('are refused without their columns or rows', () => {
    expect(faults(() => parsePrompts('p.tsv', 'Text\tCategory\nx\ty\n'))).toEqual([
      'p.tsv line 1: the header has no column Prompt (it has Text, Category); is it the right file?',
    ]);
    expect(faults(() => parsePrompts('p.tsv', 'Prompt\tCategory\n'))[0]).toMatch(/no rows below its header/);
    expect(faults(() => parsePrompts('p.tsv', ''))[0]).toMatch(/p.tsv line 1: the file has no rows/);
  });
});

describe('flags', () => {
  it('are read with their categories, with a byte order mark and either line end', () => {
    expect(parseFlags('f.csv', `\uFEFF${FLAGS}\r\n7,2023-07-06T09:11:22Z,2010,violent|hate\r\n`)).toEqual(flags);
    expect(flags).toEqual([
      { flagId: '7', submittedAt: '2023-07-06T09:11:22.000Z', submitterId: '2010', categories: ['violent', 'hate'] },
    ]);
  });

  it('name the line, the column and the cure of every fault', () => {
    const text = `${FLAGS}\n1,2023-02-30T00:00:00Z,a,violent\n\n-,2023-07-06T09:11:22Z,a b,Violent\n`;
    expect(faults(() => parseFlags('f.csv', text))).toEqual([
      'f.csv line 2: submitted_at is "2023-02-30T00:00:00Z"; write a time with its offset, like 2023-07-06T09:11:22Z',
      expect.stringMatching(/^f.csv line 4: flag_id is "-"; write letters, digits/),
      expect.stringMatching(/^f.csv line 4: submitter_id is "a b"; write/),
      expect.stringMatching(/^f.csv line 4: categories is "Violent"; write lower-case labels/),
    ]);
  });

  it('are refused where a line has too few columns, a quotation mark stays open or an id comes twice', () => {
    expect(faults(() => parseFlags('f.csv', `${FLAGS}\n1,2\n`))).toEqual([
      'f.csv line 2: the line has more or fewer columns than the header; give it as many',
    ]);
    expect(faults(() => parseFlags('f.csv', `${FLAGS}\n"1,2023-07-06T09:11:22Z,a,b\n`))[0]).toMatch(/quotation mark/);
    const row = '1,2023-07-06T09:11:22Z,a,b\n';
    expect(faults(() => parseFlags('f.csv', `${FLAGS}\n${row}${row}`))).toEqual([
      'f.csv line 3: flag_id 1 was on line 2 already; remove one',
    ]);
  });

  it('tell the first ten faults of many', () => {
    const wrong = faults(() => parseFlags('f.csv', `${FLAGS}\n${'x,y,z,a\n'.repeat(25)}`));
    expect(wrong).toHaveLength(11);
    expect(wrong.at(-1)).toMatch(/and 15 more wrong lines/);
  });
});

describe('reviews', () => {
  it('are read with the time they took', () => {
    expect(parseReviews('r.csv', `${REVIEWS}\n7,43,21574,unsafe\n`, flags)).toEqual([
      { flagId: '7', reviewerId: '43', answerTimeMs: 21_574, verdict: 'unsafe' },
    ]);
  });

  it('are refused of a flag that is not there, and with another verdict or time', () => {
    expect(faults(() => parseReviews('r.csv', `${REVIEWS}\n7,43,1,safe\n8,43,1,safe\n`, flags))).toEqual([
      'r.csv line 3: flag_id 8 is not in the flags; add it there, or remove the line',
    ]);
    expect(faults(() => parseReviews('r.csv', `${REVIEWS}\n7,43,1.5,bad\n`, flags))).toEqual([
      'r.csv line 2: answer_time_ms is "1.5"; write whole milliseconds',
      'r.csv line 2: verdict is "bad"; write one of safe, unsafe, unsure',
    ]);
  });
});
