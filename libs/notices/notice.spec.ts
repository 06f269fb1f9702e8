import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { type NoticeEvent, NoticeQueued } from './events.js';
import {
  delayMs,
  isDue,
  MAX_ATTEMPTS,
  noticeStream,
  queueNotice,
  recordDelivery,
  recordFailure,
  redeliverNotice,
} from './notice.js';

const notice = NoticeQueued.example as never;
const noticeId = NoticeQueued.example.noticeId;
const NOW = Date.parse('2022-05-19T10:00:00Z');
const at = (events: NoticeEvent[]) =>
  events.map((one) => ({ ...one, metadata: { time: new Date(NOW).toISOString() } }));
const queued = fold(noticeStream, at(queueNotice(noticeStream.initial, notice)));
const evolve = (state: typeof queued, events: NoticeEvent[]) => fold(noticeStream, at(events), state);
const failure = { error: 'the server answers 503', isPermanent: false };

describe('a notice', () => {
  it('is queued once, and is due at once', () => {
    expect(queueNotice(queued, notice)).toEqual([]);
    expect(isDue(queued, NOW)).toBe(true);
  });

  it('is delivered once', () => {
    const delivered = evolve(queued, recordDelivery(queued, noticeId));
    expect(delivered).toMatchObject({ status: 'delivered', attempts: 1 });
    expect(recordDelivery(delivered, noticeId)).toEqual([]);
    expect(recordFailure(delivered, noticeId, failure, NOW)).toEqual([]);
  });

  it('is retried later and later, and is a dead letter after the last attempt', () => {
    let state = queued;
    let now = NOW;
    for (let n = 1; n < MAX_ATTEMPTS; n++) {
      state = evolve(state, recordFailure(state, noticeId, failure, now));
      expect(isDue(state, now)).toBe(false);
      now = state.dueAt;
      expect(isDue(state, now)).toBe(true);
    }
    expect(now - NOW).toBeGreaterThan(12 * 3_600_000);
    expect(evolve(state, recordFailure(state, noticeId, failure, now)).status).toBe('failed');
  });

  it('is a dead letter at once if no further attempt would help, and is skipped if there is nobody to write to', () => {
    const dead = evolve(queued, recordFailure(queued, noticeId, { ...failure, isPermanent: true }, NOW));
    expect(dead.status).toBe('failed');
    const skipped = { error: 'the person was erased', isPermanent: true, isSkipped: true };
    expect(evolve(queued, recordFailure(queued, noticeId, skipped, NOW)).status).toBe('skipped');
  });

  it('waits differently long than others of the same attempt, and always the same', () => {
    const delays = ['a', 'b', 'c', 'd'].map((id) => delayMs(id, 3));
    expect(new Set(delays).size).toBe(4);
    for (const one of delays) expect(one >= 60_000 && one <= 120_000).toBe(true);
    expect(delayMs('a', 3)).toBe(delays[0]);
  });
});

describe('a redelivery', () => {
  it('queues what was sent or failed, and is a no-op until its first attempt', () => {
    expect(redeliverNotice(queued, noticeId)).toEqual([]);
    const delivered = evolve(queued, recordDelivery(queued, noticeId));
    const again = evolve(delivered, redeliverNotice(delivered, noticeId));
    expect(again).toMatchObject({ status: 'waiting', attempts: 0 });
  });

  it('makes one due at once that waits for its next attempt, with as many attempts as a new one', () => {
    const waiting = evolve(queued, recordFailure(queued, noticeId, failure, NOW));
    expect(isDue(waiting, NOW)).toBe(false);
    const again = evolve(waiting, redeliverNotice(waiting, noticeId));
    expect(again).toMatchObject({ status: 'waiting', attempts: 0 });
    expect(isDue(again, NOW)).toBe(true);
    expect(redeliverNotice(again, noticeId)).toEqual([]);
  });

  it('is refused for a notice that is unknown', () => {
    expect(() => redeliverNotice(noticeStream.initial, 'x')).toThrow(
      expect.objectContaining({ code: 'notice-unknown' }),
    );
  });
});
