import { expect, it } from '@jest/globals';
import { foldView, recorded, toldAgain } from '../../../test/support/fold-view.js';
import { enforcementsView } from './enforcements.js';

const ordered = recorded(1, 'EnforcementOrdered', {
  accountId: 'a',
  caseId: 'c',
  imageId: 'c',
  measure: 'deactivate',
  categories: [],
});
const completed = recorded(2, 'EnforcementCompleted', { accountId: 'a', caseId: 'c' });

it('follows an enforcement from its order to its completion', () => {
  expect(foldView(enforcementsView, [ordered]).rows.c).toMatchObject({
    account_id: 'a',
    status: 'ordered',
    completed_at: null,
  });
  expect(foldView(enforcementsView, [ordered, completed]).rows.c).toMatchObject({
    status: 'completed',
    ordered_at: Date.UTC(2022, 4, 18, 9, 1),
    completed_at: Date.UTC(2022, 4, 18, 9, 2),
  });
});

it('is not moved by events that come again', () => {
  const { once, again } = toldAgain(enforcementsView, [ordered, completed]);
  expect(again).toEqual(once);
});
