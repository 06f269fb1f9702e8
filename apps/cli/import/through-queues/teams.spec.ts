import { expect, it } from '@jest/globals';
import type { ReviewRow } from '../data-files.js';
import { teamsOf, votesOf } from './teams.js';

const row = (flagId: string, reviewerId: string, verdict: ReviewRow['verdict'] = 'safe'): ReviewRow => ({
  flagId,
  reviewerId,
  answerTimeMs: 1_000,
  verdict,
});
const rows = [
  ...[row('7', 'b'), row('7', 'a'), row('8', 'a'), row('8', 'c')],
  ...[row('9', 'a'), row('9', 'b'), row('9', 'a', 'unsafe')],
];

it('puts flags with the same reviewers into one queue, in the order of the file', () => {
  expect(teamsOf(rows)).toEqual([
    { queue: 'import-team-1', reviewerIds: ['a', 'b'], flagIds: ['7', '9'] },
    { queue: 'import-team-2', reviewerIds: ['a', 'c'], flagIds: ['8'] },
  ]);
});

it('counts the first row of a reviewer for a flag', () => {
  expect(votesOf(rows).get('a')?.get('9')).toEqual(row('9', 'a'));
  expect([...votesOf(rows)].map(([reviewer, votes]) => [reviewer, votes.size])).toEqual([
    ['b', 2],
    ['a', 3],
    ['c', 1],
  ]);
});
