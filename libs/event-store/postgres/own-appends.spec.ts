import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { newEvent } from '../sample-events.contract.js';
import { OwnAppends } from './own-appends.js';

const template = newEvent();
const run = (first: number, length: number): RecordedEvent[] =>
  Array.from({ length }, (_, n) => ({
    ...template,
    stream: 'facts-0',
    revision: 0,
    position: first + n,
    recordedAt: '2022-01-01T00:00:00.000Z',
  }));

it('returns each event once and in order, whatever the order of the appends; events of others are gaps', () => {
  const appended = fc.record({ length: fc.integer({ min: 1, max: 9 }), isOwn: fc.boolean(), delay: fc.nat(6) });
  fc.assert(
    fc.property(fc.array(appended, { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), (appends, limit) => {
      let head = 0;
      const answers = appends.map(({ length, isOwn, delay }, n) => {
        const first = head + 1;
        head += length;
        return { first, length, isOwn, at: n + delay };
      });
      const own = new OwnAppends();
      const taken: number[] = [];
      let position = 0;
      const take = (): boolean => {
        const { events, bytes } = own.take(position, limit);
        expect(events.length).toBeLessThanOrEqual(limit);
        expect(bytes > 0).toBe(events.length > 0);
        for (const event of events) {
          expect(event.position).toBe(position + 1);
          position++;
          taken.push(position);
        }
        return events.length > 0;
      };
      const inOrderOfAnswers = answers.filter(({ isOwn }) => isOwn).sort((a, b) => a.at - b.at);
      for (const { first, length } of inOrderOfAnswers) {
        own.offer(run(first, length), length);
        while (take());
      }
      // What the reader reads for itself, it reads as far as the gap.
      while (position < head) {
        const gap = own.gapAfter(position);
        position += gap === undefined ? head - position : gap;
        while (take());
      }
      expect(taken).toEqual(
        answers.flatMap(({ first, length, isOwn }) => (isOwn ? run(first, length).map((one) => one.position) : [])),
      );
      expect(own.gapAfter(head)).toBeUndefined();
    }),
  );
});

it('keeps at most its limit without a reader', () => {
  const own = new OwnAppends();
  for (let n = 0; n < 40; n++) own.offer(run(1 + n * 1_000, 1_000), 1);
  const { events } = own.take(24_000, 100_000);
  expect([events[0]!.position, events.length]).toEqual([24_001, 16_000]);
  expect(own.gapAfter(0)).toBeUndefined();
});

it('keeps at most its bytes without a reader, however few the events are', () => {
  const own = new OwnAppends(100);
  for (let n = 0; n < 40; n++) own.offer(run(1 + n * 10, 10), 20);
  expect(own.gapAfter(0)).toBe(350);
  const { events, bytes } = own.take(350, 100_000);
  expect([events[0]!.position, events.length, bytes]).toEqual([351, 50, 100]);
  for (let n = 0; n < 5; n++) own.offer(run(401 + n * 10, 10), 20);
  expect(own.take(400, 100_000).events).toHaveLength(50);
});
