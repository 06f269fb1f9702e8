import { expect, it } from '@jest/globals';
import { caseRow } from '../../test/support/case-rows.js';
import { type CaseCell, cellCounts, cellOf, cellsOf } from './case-cells.js';

const row = caseRow('img-1', 0, {
  ...{ status: 'claimed', is_escalated: true, queue: 'severe', origin: 'sample' },
  ...{ categories: ['hate', 'violent'], reviewers: ['rita'] },
});
const cell = (category: string | null, reviewer: string | null): CaseCell => ({
  ...{ category, reviewer, status: 'waiting', queue: 'severe', origin: 'sample', isEscalated: true },
});

it('count a case for each of its categories and none, with each of its reviewers and none', () => {
  expect(cellsOf(row)).toEqual(
    [null, 'hate', 'violent'].flatMap((category) => [cell(category, null), cell(category, 'rita')]),
  );
});

it('are those of one that waits, open or claimed, and are escalated only then', () => {
  expect(cellsOf({ ...row, status: 'open' })).toEqual(cellsOf(row));
  expect(cellsOf({ ...row, status: 'dismissed' })[0]).toMatchObject({ status: 'dismissed', isEscalated: false });
});

it('come back from the buckets of their counters', () => {
  const counted = cellCounts({ ...row, status: 'model-problem' });
  expect(counted.map(({ bucket }) => cellOf(bucket))).toEqual(cellsOf({ ...row, status: 'model-problem' }));
  expect(counted.every(({ amounts }) => amounts.cases === 1)).toBe(true);
});
