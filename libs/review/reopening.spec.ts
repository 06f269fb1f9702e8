import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { caseFile, flag, vote } from '../../test/support/case-file.js';
import { caseStream } from './case.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { MAX_FLAGS, type OpenCase, openCase } from './flag-decisions.js';
import { isUnseen } from './noted-flagger.js';

const opened = (change?: Partial<OpenCase>) => caseFile().append(openCase(caseStream.initial, flag(change)));
const types = (events: readonly CaseEvent[]) => events.map((event) => event.type);
const refusal = (code: string) => expect.objectContaining({ code });
const dismissed = () => {
  const file = opened();
  return file.append(vote(file.state(), 'rev-1', 'safe'));
};

it('reopens a dismissed case only for a new category, a flagger who is new to it, or a higher confidence', () => {
  const file = opened({ confidence: 0.1 });
  file.append(openCase(file.state(), flag({ flagId: 'f', flaggedBy: 'acc-8', categories: ['hate'], position: 20 })));
  file.append(vote(file.state(), 'rev-1', 'safe'));
  const reopens = (change: Partial<OpenCase>) =>
    types(openCase(file.state(), flag({ flagId: 'again', position: 99, ...change }))).length > 0;
  expect(reopens({})).toBe(false);
  expect(reopens({ confidence: 0.29 })).toBe(false);
  expect(reopens({ confidence: 0.3 })).toBe(true);
  expect(reopens({ confidence: 0.3, confidenceStep: 0.21 })).toBe(false);
  expect(reopens({ flaggedBy: 'acc-8', categories: ['hate'] })).toBe(false);
  expect(reopens({ categories: ['hate'] })).toBe(true);
  expect(reopens({ categories: ['violent', 'gore'] })).toBe(true);
  expect(reopens({ flaggedBy: 'acc-7' })).toBe(true);
  expect(reopens({ categories: [] })).toBe(true);
});

it('lets a person with their repeats reopen a case a bounded number of times', () => {
  const again = fc.record({
    categories: fc.subarray(['violent', 'hate']),
    confidence: fc.option(
      fc.integer({ min: 0, max: 100 }).map((n) => n / 100),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(fc.array(again, { maxLength: 40 }), (repeats) => {
      const file = opened();
      for (const [n, change] of repeats.entries()) {
        if (file.state().status === 'open') file.append(vote(file.state(), `rev-${n}`, 'safe'));
        const position = file.log.at(-1)!.position + 1;
        file.append(openCase(file.state(), flag({ flagId: `f-${n}`, position, ...change })));
      }
      // The first round, one for each other category and for none, and five steps of confidence.
      expect(file.state().round).toBeLessThanOrEqual(1 + 2 + 5);
    }),
  );
});

it('bars everybody who flagged the image in any round from its review', () => {
  const file = dismissed();
  const position = file.log.at(-1)!.position + 1;
  file.append(openCase(file.state(), flag({ flagId: 'flag-2', flaggedBy: 'acc-7', position })));
  for (const reviewer of ['acc-9', 'acc-7'])
    expect(() => vote(file.state(), reviewer, 'unsafe')).toThrow(refusal('own-flag'));
});

it('notes a flag that no round has, of after the limit or before the dismissal, and bars its flagger from every round', () => {
  const file = opened();
  for (let n = 0; n < MAX_FLAGS; n++)
    file.append(openCase(file.state(), flag({ flagId: `f-${n}`, flaggedBy: `acc-${n}`, position: 100 + n })));
  const beyond = flag({ flagId: 'beyond', flaggedBy: 'rev-2', position: 900 });
  expect([openCase(file.state(), beyond), isUnseen(file.state(), beyond)]).toEqual([[], true]);
  file.append(vote(file.state(), 'rev-1', 'safe'));
  const late = flag({ flagId: 'late', flaggedBy: 'rev-3' });
  expect([openCase(file.state(), late), isUnseen(file.state(), late)]).toEqual([[], true]);
  expect(isUnseen(file.state(), flag())).toBe(false);
  file.append(openCase(file.state(), flag({ flagId: 'new', categories: ['gore'], position: 999 })));
  expect(file.state()).toMatchObject({ status: 'open', round: 2 });
  for (const reviewer of ['rev-2', 'rev-3']) {
    const notedRounds = new Map([[reviewer, 1]]);
    expect(() => vote(file.state(), reviewer, 'safe', {}, { notedRounds })).toThrow(refusal('own-flag'));
  }
});

it('does not count the verdict of somebody who flagged the image after it, or whose image it turns out to be', () => {
  const file = opened({ panelSize: 2 });
  file.append(vote(file.state(), 'rev-1', 'safe'));
  const judged = (facts: CaseFacts) => vote(file.state(), 'rev-2', 'unsafe', {}, facts);
  expect(types(judged({}))).toEqual(['VerdictGiven', 'FurtherReviewRequired']);
  for (const facts of [{ owner: 'rev-1' }, { notedRounds: new Map([['rev-1', 1]]) }])
    expect(types(judged(facts))).toEqual(['VerdictGiven']);
  file.append(openCase(file.state(), flag({ flagId: 'own', flaggedBy: 'rev-1', position: 50 })));
  file.append(judged({}));
  expect(vote(file.state(), 'rev-3', 'unsafe').at(-1)).toMatchObject({
    type: 'ReviewConfirmed',
    data: { votes: { safe: 0, unsafe: 2, unsure: 0 }, reviewers: ['rev-2', 'rev-3'] },
  });
});
