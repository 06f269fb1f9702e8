import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { WEEKDAYS } from './plan-events.js';
import { isTimeZone, peopleOf, type Schedule, slotOf, slotsFrom, type Weekday } from './schedule.js';

const HOUR_MS = 3_600_000;
const at = (time: string) => Date.parse(time);
const timesOf = (schedule: Schedule, now: string) => slotsFrom(schedule, at(now)).map((slot) => toIso(slot.at));
const nightly = (timeZone: string, ...hours: number[]): Schedule => ({ timeZone, days: ['sunday'], hours });

const schedules: fc.Arbitrary<Schedule> = fc.record({
  timeZone: fc.constantFrom('UTC', 'Europe/London', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'),
  days: fc.subarray([...WEEKDAYS] as Weekday[], { minLength: 1 }),
  hours: fc.uniqueArray(fc.nat(23), { minLength: 1, maxLength: 24 }),
});
const moments = fc.integer({ min: at('2022-01-01T00:00:00Z'), max: at('2025-01-01T00:00:00Z') });

describe('the slots of a schedule', () => {
  it('are at its hours by the clock on the wall of its zone', () => {
    const schedule: Schedule = { timeZone: 'Asia/Kathmandu', days: ['monday', 'friday'], hours: [9, 15] };
    expect(timesOf(schedule, '2022-05-18T09:00:00Z')).toEqual([
      '2022-05-16T03:15:00.000Z',
      '2022-05-16T09:15:00.000Z',
      '2022-05-20T03:15:00.000Z',
      '2022-05-20T09:15:00.000Z',
      '2022-05-23T03:15:00.000Z',
      '2022-05-23T09:15:00.000Z',
      '2022-05-27T03:15:00.000Z',
      '2022-05-27T09:15:00.000Z',
    ]);
  });

  it('leave out an hour that the clocks leave out', () => {
    // On 27 March 2022, 00:59:59 GMT was followed by 02:00 BST.
    expect(timesOf(nightly('Europe/London', 0, 1, 2), '2022-03-27T12:00:00Z').slice(0, 2)).toEqual([
      '2022-03-27T00:00:00.000Z',
      '2022-03-27T01:00:00.000Z',
    ]);
    const [first] = slotsFrom(nightly('Europe/London', 0, 1, 2), at('2022-03-27T12:00:00Z'));
    expect(first).toMatchObject({ ofWeek: 2 });
  });

  it('have once an hour that comes twice', () => {
    // On 30 October 2022, 01:59:59 BST was followed by 01:00 GMT.
    const schedule = nightly('Europe/London', 0, 1, 2);
    expect(timesOf(schedule, '2022-10-30T12:00:00Z').slice(0, 3)).toEqual([
      '2022-10-29T23:00:00.000Z',
      '2022-10-30T00:00:00.000Z',
      '2022-10-30T02:00:00.000Z',
    ]);
    const second = at('2022-10-30T01:30:00Z');
    expect(slotOf(slotsFrom(schedule, second), second)).toBeUndefined();
  });

  it('are the same whenever in the week they are asked for, and share the rate evenly and exactly', () => {
    fc.assert(
      fc.property(schedules, moments, fc.nat(7), fc.nat(5000), (schedule, now, days, perWeek) => {
        const slots = slotsFrom(schedule, now);
        const later = new Map(slotsFrom(schedule, now + days * DAY_MS).map((slot) => [slot.at, slot]));
        for (const slot of slots) if (later.has(slot.at)) expect(later.get(slot.at)).toEqual(slot);
        const week = slots.slice(0, slots[0]!.ofWeek).map((slot) => peopleOf(slot, perWeek));
        expect(week.reduce((sum, people) => sum + people, 0)).toBe(perWeek);
        expect(Math.max(...week) - Math.min(...week)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('are those that looking at every quarter of an hour finds', () => {
    fc.assert(
      fc.property(schedules, moments, (schedule, now) => {
        const zone = { timeZone: schedule.timeZone, hourCycle: 'h23' } as const;
        const format = new Intl.DateTimeFormat('en-US', {
          ...zone,
          weekday: 'long',
          hour: '2-digit',
          minute: '2-digit',
        });
        const dates = new Intl.DateTimeFormat('en-CA', zone);
        const expected = new Map<string, number>();
        const slots = slotsFrom(schedule, now);
        const [first, last] = [slots[0]!.at, slots.at(-1)!.at];
        for (let moment = first; moment <= last; moment += HOUR_MS / 4) {
          const shown = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
          const isMeant = schedule.days.some((day) => day === shown.weekday!.toLowerCase());
          if (shown.minute !== '00' || !isMeant || !schedule.hours.includes(Number(shown.hour))) continue;
          const hour = `${dates.format(moment)} ${shown.hour}`;
          expected.set(hour, expected.get(hour) ?? moment);
        }
        expect(slots.map((slot) => slot.at)).toEqual([...expected.values()]);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('cost some hundred dates for a week, and one for each further look at it', () => {
    const schedule = nightly('Europe/Paris', 3);
    const formatToParts = jest.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    slotsFrom(schedule, at('2022-05-18T09:00:00Z'));
    expect(formatToParts.mock.calls.length).toBeLessThan(600);
    formatToParts.mockClear();
    slotsFrom(schedule, at('2022-05-19T09:00:00Z'));
    expect(formatToParts.mock.calls.length).toBe(1);
    formatToParts.mockRestore();
  });

  it('are due for an hour', () => {
    const slots = slotsFrom(nightly('UTC', 9), at('2022-05-22T12:00:00Z'));
    const begin = at('2022-05-22T09:00:00Z');
    const due = [begin - 1, begin, begin + HOUR_MS - 1, begin + HOUR_MS].map((now) => slotOf(slots, now)?.at);
    expect(due).toEqual([undefined, begin, begin, undefined]);
  });
});

it('knows time zones', () => {
  expect(['Europe/London', 'UTC', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false]);
});
