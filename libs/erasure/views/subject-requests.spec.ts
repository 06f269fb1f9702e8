import { expect, it } from '@jest/globals';
import { recordedOf, replay } from '../../../test/support/fold-view.js';
import { SubjectRequestClosed, SubjectRequestReceived } from '../request-events.js';
import { subjectRequestsView } from './subject-requests.js';

it('has each request and how it was closed', () => {
  const { once, replayed } = replay(subjectRequestsView, [
    recordedOf(1, SubjectRequestReceived),
    recordedOf(2, SubjectRequestClosed),
  ]);
  expect(replayed).toEqual(once);
  expect(once.map(({ rows }) => rows['request-2022-17'])).toMatchObject([
    { kind: 'export', due_at: Date.parse('2022-06-17T09:00:00Z'), closed_at: null, outcome: null },
    { kind: 'export', closed_at: expect.any(Number), outcome: 'done', reason: 'sent by post' },
  ]);
});
