import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toProblem } from '../../http/problem.js';
import { InvalidInput, Refusal } from '../../kernel/errors.js';
import { ApiProblem, readProblem } from '../api-errors.js';
import { plain, plainLine } from './plain-text.js';
import { problemDocument, problemText } from './problem.js';
import { progressOn } from './progress.js';
import { pairs, rowsOf, table } from './table.js';

describe('a table', () => {
  it('aligns numbers to the right and text to the left, without trailing spaces', () => {
    const shown = table(
      ['name', 'rows'],
      [
        ['cases', 12_345],
        ['a', 7],
        ['none', null],
        ['is', true],
      ],
    );
    expect(shown).toBe('NAME     ROWS\ncases  12,345\na           7\nnone        –\nis        yes');
  });

  it('shows a remark if it has no rows', () => {
    expect(table(['name'], [], 'nobody waits')).toBe('nobody waits');
  });

  it('shows every time of an item in one form', () => {
    const at = '2022-05-18T09:00:00.123Z';
    const item = { id: 'img-1', openedAt: at, until: at, claimedUntil: null, effectiveFrom: at };
    const shown = '2022-05-18 09:00:00';
    expect(rowsOf([item], 'id', 'openedAt', 'until', 'claimedUntil', 'effectiveFrom')).toEqual([
      ['img-1', shown, shown, null, shown],
    ]);
  });

  it('shows names beside their values', () => {
    expect(
      pairs([
        ['a', 1],
        ['long', 'x'],
        ['none', undefined],
      ]),
    ).toBe('a     1\nlong  x\nnone  –');
  });
});

describe('untrusted text', () => {
  it('cannot control the terminal', () => {
    expect(plain('a\u001b[2Jb\u009bc\u202ed\te\nf')).toBe('a\\u001b[2Jb\\u009bc\\u202ed\te\nf');
    expect(plainLine('one\r\n  two')).toBe('one two');
    expect(table(['x'], [['\u001b]0;title\u0007']]).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('a problem', () => {
  it('shows title and detail, then one line each for fields and remedy', () => {
    const refused = new ApiProblem(409, { title: 'Rate exceeded', detail: '3 are too many' }, 'POST /v1/cohorts');
    expect(problemText(refused)).toBe('gatehouse: Rate exceeded: 3 are too many');
    const errors = [
      { field: '/email', message: 'must be an e-mail address' },
      { field: '', message: 'is deep' },
    ];
    const invalid = new ApiProblem(400, { title: 'Invalid input', errors }, 'POST /v1/waitlist');
    expect(problemText(invalid).split('\n')).toEqual([
      'gatehouse: Invalid input: POST /v1/waitlist returned 400',
      '  /email: must be an e-mail address',
      '  (body): is deep',
    ]);
    expect(problemText(new ApiProblem(401, {}, 'GET /v1/status'))).toMatch(
      /\n {2}set GATEHOUSE_TOKEN, or name a file with the token by --token-file/,
    );
    expect(problemText(new ApiProblem(500, { incident: 'abc' }, 'GET /'))).toMatch(
      /search the log of the backend for the incident abc/,
    );
  });

  it('is shown whatever JSON the members are', () => {
    const members = fc.dictionary(
      fc.constantFrom('type', 'title', 'status', 'detail', 'errors', 'incident'),
      fc.oneof(fc.jsonValue(), fc.array(fc.record({ field: fc.jsonValue(), message: fc.jsonValue() }))),
    );
    const document = fc.oneof(members, fc.jsonValue()).map((json) => JSON.stringify(json));
    fc.assert(
      fc.property(document, (body) => {
        const error = new ApiProblem(400, readProblem(body) ?? {}, 'GET /');
        expect(problemText(error)).toMatch(/^gatehouse: ./);
        expect(problemDocument(error)).toMatchObject({ type: expect.any(String), detail: expect.any(String) });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('has the same problem document as from the backend', () => {
    const invalid = new InvalidInput([{ field: '--url', message: 'is wrong' }]);
    for (const error of [invalid, new Refusal('rate-exceeded', '3 are too many', { available: 2 })])
      expect(problemDocument(error)).toEqual(toProblem(error).problem);
    const given = { type: 'https://gatehouse.dev/problems/x', title: 'X', status: 409, detail: 'no', available: 2 };
    expect(problemDocument(new ApiProblem(409, given, 'POST /v1/cohorts'))).toEqual(given);
    expect(problemDocument(new ApiProblem(502, {}, 'GET /'))).toMatchObject({ status: 502, title: 'Unknown problem' });
  });

  it('shows every invalid option', () => {
    const invalid = new InvalidInput([
      { field: '--url', message: 'is wrong' },
      { field: '', message: 'and so on' },
    ]);
    expect(problemText(invalid)).toBe('gatehouse: --url is wrong\ngatehouse: and so on');
  });
});

describe('progress', () => {
  const shownBy = (isTTY: boolean, totals: number[]) => {
    const stream = Object.assign(new PassThrough(), { isTTY });
    const progress = progressOn(stream);
    for (const total of totals) {
      progress.start('images', total);
      for (let done = 1; done <= total; done++) progress.update(done);
    }
    progress.end();
    return String(stream.read() ?? '');
  };

  it('is one line per tenth if stderr is no terminal', () => {
    const lines = shownBy(false, [2_000]).trim().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe('images: 200 of 2,000');
    expect(shownBy(false, [0])).toBe('images: nothing to do\n');
  });

  it('is a bar on a terminal, and restores the cursor', () => {
    const shown = shownBy(true, [3]);
    expect(shown).toContain('100% 3/3');
    expect(shown).toContain('\u001b[?25h');
  });
});
