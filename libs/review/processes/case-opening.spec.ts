import { expect, it } from '@jest/globals';
import { recorded } from '../../../test/support/fold-view.js';
import { nextReviewActions } from './case-opening.js';

it('takes every flag to the case of its image, with the place it was stored at', () => {
  const data = { imageId: 'img-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['hate'] };
  const event = recorded(7, 'ContentFlagged', data);
  expect(nextReviewActions(event)).toEqual([
    {
      kind: 'open-case',
      caseId: 'img-1',
      flag: {
        imageId: 'img-1',
        flagId: event.id,
        flaggedBy: 'acc-9',
        categories: ['hate'],
        flaggedAt: event.metadata.time,
        position: 7,
      },
    },
  ]);
});

it('does nothing for any other event', () => {
  expect(nextReviewActions(recorded(7, 'ImageShared', { imageId: 'img-1', accountId: 'acc-1' }))).toEqual([]);
});
