import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hasControlCharacter, isInstant, parseInstant } from './text-forms.js';

const SPRING_2022 = Date.UTC(2022, 2, 1);

describe('an instant', () => {
  it.each(['2022-05-18T09:00:00Z', '2022-05-18T09:00:00.123456789+02:00', '2024-02-29T23:59:59.9-11:30'])(
    'is RFC 3339 with an offset: %s',
    (text) => {
      expect([isInstant(text), parseInstant(text)]).toEqual([true, Date.parse(text)]);
    },
  );

  it.each([
    '2022-05-18',
    '2022-05-18T09:00:00',
    '2022-05-18 09:00:00Z',
    '2022-05-18T24:00:00Z',
    '2022-02-30T09:00:00Z',
    '2023-02-29T09:00:00Z',
    '2022-04-31T09:00:00Z',
    '2022-13-01T09:00:00Z',
    '2022-05-18T09:00:00.1234567890Z',
    '٢022-05-18T09:00:00Z',
    '2022-05-18T09:60:00Z',
    '2022-05-18T09:00:61Z',
    '2022-05-18T09:00:00+24:00',
    '2022-06-30T22:59:60Z',
    '2022-06-30T23:58:60Z',
    '2022-06-30T23:59:60+01:00',
    '2022-02-30T23:59:60Z',
  ])('has no other form, and its day exists: %s', (text) => {
    expect([isInstant(text), parseInstant(text)]).toEqual([false, undefined]);
  });

  it.each([
    '2016-12-31T23:59:60Z',
    '2016-12-31T23:59:60.25Z',
    '2016-12-31T15:59:60-08:00',
    '2017-01-01T05:29:60.999999999+05:30',
  ])('may be a leap second, the last moment of its minute: %s', (text) => {
    expect([isInstant(text), parseInstant(text)]).toEqual([true, Date.UTC(2017, 0, 1) - 1]);
  });

  it('from a sender may be in lower case and of any year', () => {
    expect(parseInstant('2022-03-01t00:00:00z')).toBe(SPRING_2022);
    expect(parseInstant('2022-02-30t00:00:00z')).toBeUndefined();
    expect(parseInstant('0999-01-01T00:00:00Z')).toBeLessThan(0);
    expect(parseInstant('0999-12-31T23:59:60Z')).toBe(Date.UTC(1000, 0, 1) - 1);
    expect(isInstant('2022-03-01t00:00:00z') || isInstant('0999-01-01T00:00:00Z')).toBe(false);
  });

  it('can be anything that Date.toISOString returns', () => {
    const dates = fc.date({ min: new Date('1000-01-01'), max: new Date('2999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, (date) => {
        expect([isInstant(date.toISOString()), parseInstant(date.toISOString())]).toEqual([true, date.getTime()]);
      }),
    );
  });
});

it('control characters are those of Unicode’s category Cc', () => {
  for (let code = 0; code <= 0xffff; code++) {
    const character = String.fromCharCode(code);
    if (hasControlCharacter(character) !== /\p{Cc}/u.test(character)) throw new Error(`U+${code.toString(16)}`);
  }
});
