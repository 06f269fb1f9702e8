import { expect, it } from '@jest/globals';
import { recordedOf } from '../../test/support/fold-view.js';
import { ContentFlagged } from '../images/index.js';
import { nextReviewActions } from './review-actions.js';

it('turns every flag into an action for the case of its image, with the position of the flag', () => {
  const event = recordedOf(7, ContentFlagged, { imageId: 'img-1', flaggedBy: 'acc-9', categories: ['hate'] });
  expect(nextReviewActions(event)).toEqual([
    {
      kind: 'open-case',
      caseId: 'img-1',
      flag: {
        imageId: 'img-1',
        flagId: event.id,
        accountId: event.data.accountId,
        flaggedBy: 'acc-9',
        flaggerKind: 'user',
        categories: ['hate'],
        confidence: event.data.confidence,
        hasComment: event.data.comment !== undefined,
        flaggedAt: event.metadata.time,
        position: 7,
      },
    },
  ]);
});
