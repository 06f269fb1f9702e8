import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldView, recorded, replay } from '../../../test/support/fold-view.js';
import { toIso } from '../../kernel/clock.js';
import { calendarBuckets } from '../calendar-buckets.js';
import { activePeopleView } from './active-people.js';

let position = 0;
const generated = (accountId: string, time: string) =>
  recorded(++position, 'ImageGenerated', { imageId: `img-${position}`, accountId }, { time });

describe('the active people', () => {
  it('are distinct accounts by day and week, however many images each generates', () => {
    const { rows, counters } = foldView(activePeopleView, [
      generated('ann', '2022-05-18T09:00:00Z'),
      generated('ann', '2022-05-18T23:59:59.999Z'),
      generated('ann', '2022-05-22T10:00:00Z'),
      generated('ben', '2022-05-18T10:00:00Z'),
      generated('ann', '2022-05-23T00:00:00Z'),
    ]);
    expect(counters).toEqual({
      'day:2022-05-18': { people: 2 },
      'day:2022-05-22': { people: 1 },
      'day:2022-05-23': { people: 1 },
      'week:2022-W20': { people: 2 },
      'week:2022-W21': { people: 1 },
    });
    expect(Object.values(rows)).toHaveLength(3);
  });

  it('stay the same when events are replayed', () => {
    const history = ['2022-05-18', '2022-05-18', '2022-05-20', '2022-06-01'].map((day) =>
      generated('ann', `${day}T09:00:00Z`),
    );
    const { once, replayed } = replay(activePeopleView, history);
    expect(replayed).toEqual(once);
  });

  it('agree with their definition for any images, also before 1970 and at the turn of a year', () => {
    const image = fc.record({
      who: fc.constantFrom('ann', 'ben', 'a b'),
      at: fc.oneof(
        fc.integer({ min: Date.parse('1969-12-20'), max: Date.parse('1970-01-10') }),
        fc.integer({ min: Date.parse('2024-12-27'), max: Date.parse('2025-01-10') }),
      ),
    });
    fc.assert(
      fc.property(fc.array(image, { maxLength: 30 }), (images) => {
        const people = new Map<string, Set<string>>();
        for (const { who, at } of images)
          for (const bucket of calendarBuckets(at)) people.set(bucket, (people.get(bucket) ?? new Set()).add(who));
        const { counters } = foldView(
          activePeopleView,
          images.map(({ who, at }) => generated(who, toIso(at))),
        );
        const expected = [...people].map(([bucket, who]) => [bucket, { people: who.size }]);
        expect(counters).toEqual(Object.fromEntries(expected));
      }),
    );
  });
});
