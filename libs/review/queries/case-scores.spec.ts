import { expect, it } from '@jest/globals';
import { recorded, recordedOf } from '../../../test/support/fold-view.js';
import { CaseJoined, CaseOpened } from '../events.js';
import { scoresOf } from './case-scores.js';

const opened = (position: number, more = {}) =>
  recordedOf(position, CaseOpened, { categories: ['violent'], hasComment: false, ...more });
const joined = (position: number, categories: string[], more = {}) =>
  recordedOf(position, CaseJoined, { categories, hasComment: false, ...more });

it('has the flags and the highest confidence of each category', () => {
  const history = [
    opened(1, { confidence: 0.4 }),
    joined(2, ['hate', 'violent'], { confidence: 0.9 }),
    joined(3, ['hate']),
  ];
  expect(scoresOf(history)).toMatchObject({
    openedAt: history[0]!.metadata.time,
    categories: [
      { category: 'hate', flags: 2, confidence: 0.9 },
      { category: 'violent', flags: 2, confidence: 0.9 },
    ],
  });
  expect(scoresOf([opened(1)]).categories).toEqual([{ category: 'violent', flags: 1, confidence: null }]);
});

it('has what a case of the sample shows instead of a flag, also beside flags', () => {
  const sampled = opened(1, { categories: [], sample: { categories: ['hate', 'violent'], confidence: 0.7 } });
  expect(scoresOf([sampled, joined(2, ['hate'], { confidence: 0.8 })])).toMatchObject({
    hasComments: false,
    categories: [
      { category: 'hate', flags: 2, confidence: 0.8 },
      { category: 'violent', flags: 1, confidence: 0.7 },
    ],
  });
});

it('has those of the current round, which a reopened one takes over', () => {
  const reopened = recorded(4, 'CaseReopened', { caseId: 'img-1', by: 'lead', reason: 'r', round: 3, panelSize: 1 });
  const history = [opened(1), opened(3, { categories: ['hate'], round: 2 }), reopened];
  expect(scoresOf(history)).toMatchObject({
    openedAt: reopened.metadata.time,
    categories: [{ category: 'hate', flags: 1, confidence: null }],
  });
});

it.each([
  [true, [{}, { hasComment: true }]],
  [false, [{ hasComment: false }, { hasComment: false }]],
  [null, [{ hasComment: false }, {}]],
])('says %s of comments', (expected, [first, second]) => {
  const flag = { hasComment: undefined, ...first };
  expect(scoresOf([opened(1, flag), joined(2, [], { hasComment: undefined, ...second })]).hasComments).toBe(expected);
});
