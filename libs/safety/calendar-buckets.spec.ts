import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS } from '../kernel/clock.js';
import { calendarBuckets } from './calendar-buckets.js';

it.each([
  ['2022-05-18T09:00:00Z', 'day:2022-05-18', 'week:2022-W20'],
  ['2022-05-18T23:59:59.999Z', 'day:2022-05-18', 'week:2022-W20'],
  ['2022-05-19T00:00:00Z', 'day:2022-05-19', 'week:2022-W20'],
  // Examples of ISO 8601: a week belongs to the year of its Thursday.
  ['2005-01-01T12:00:00Z', 'day:2005-01-01', 'week:2004-W53'],
  ['2007-12-31T12:00:00Z', 'day:2007-12-31', 'week:2008-W01'],
  ['2010-01-03T12:00:00Z', 'day:2010-01-03', 'week:2009-W53'],
  ['1969-12-29T12:00:00Z', 'day:1969-12-29', 'week:1970-W01'],
])('assigns %s to %s and %s', (time, day, week) => {
  expect(calendarBuckets(Date.parse(time))).toEqual([day, week]);
});

it('has weeks of seven days that start on Monday', () => {
  fc.assert(
    fc.property(fc.integer({ min: -20_000, max: 40_000 }), (dayNumber) => {
      const isMonday = new Date(dayNumber * DAY_MS).getUTCDay() === 1;
      const sameWeek = calendarBuckets(dayNumber * DAY_MS)[1] === calendarBuckets((dayNumber - 1) * DAY_MS)[1];
      expect(sameWeek).toBe(!isMonday);
    }),
  );
});
