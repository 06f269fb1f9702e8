import { expect, it } from '@jest/globals';
import { recordedOf, replay } from '../../../test/support/fold-view.js';
import { NoticeDelivered, NoticeFailed, NoticeQueued } from '../events.js';
import { noticesView } from './notices.js';

const id = NoticeQueued.example.noticeId;
const { retryAt: _, ...last } = NoticeFailed.example;
const dead = { ...NoticeFailed, example: last };
const history = [
  recordedOf(1, NoticeQueued),
  recordedOf(2, NoticeFailed),
  recordedOf(3, dead as typeof NoticeFailed, { attempt: 2 }),
  recordedOf(4, NoticeQueued),
  recordedOf(5, NoticeDelivered),
];

it('has each notice with what became of it, and counts them by channel', () => {
  const { once, replayed } = replay(noticesView, history);
  expect(replayed).toEqual(once);
  expect(once.map(({ rows }) => [rows[id]!.status, rows[id]!.attempts, rows[id]!.error])).toEqual([
    ['waiting', 0, null],
    ['waiting', 1, 'the server answers 503'],
    ['failed', 2, 'the server answers 503'],
    ['waiting', 0, null],
    ['delivered', 1, null],
  ]);
  expect(once[1]!.rows[id]!.due_at).toBe(Date.parse(NoticeFailed.example.retryAt!));
  expect(once[2]!.counters).toEqual({ email: { failed: 1 } });
});
