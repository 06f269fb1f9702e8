import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asOfMoment } from '../kernel/earlier-moment.js';
import { InvalidInput } from '../kernel/errors.js';
import { type CursorPart, Listing } from './paging.js';

const TIME = Date.parse('2022-05-18T09:00:00Z');
const FORM: readonly CursorPart[] = ['number', 'id'];
const rows = [1, 2, 3].map((at) => ({ at, id: `img-${at}` }));

const cursorOf = (listing: Listing): string =>
  listing.page(
    rows,
    2,
    ({ id }) => id,
    ({ at, id }) => [at, id],
  ).nextCursor!;

const refusalOf = (listing: Listing, cursor: string): string | undefined => {
  try {
    listing.after(cursor, FORM);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput);
    const [{ field, message }] = (error as InvalidInput).errors as [{ field: string; message: string }];
    expect(field).toBe('cursor');
    return message;
  }
};

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a cursor', () => {
  it('names the last item of its page to the same list', () => {
    const listing = () => new Listing('notices', { status: 'failed', account: undefined });
    expect(listing().after(cursorOf(listing()), FORM)).toEqual([2, 'img-2']);
    expect(listing().after(undefined, FORM)).toBeUndefined();
  });

  it('is missing on the last page', () => {
    expect(
      new Listing('notices').page(
        rows,
        3,
        ({ id }) => id,
        ({ at }) => [at],
      ),
    ).toEqual({
      items: ['img-1', 'img-2', 'img-3'],
    });
  });

  it('is refused by another list, which names both', () => {
    const message = refusalOf(new Listing('appeals'), cursorOf(new Listing('notices')));
    expect(message).toBe('is of a list of notices, and this is one of appeals: leave it out for the first page');
  });

  it('is refused with a filter that differs, is missing or is new, and names it', () => {
    const asked = { status: 'failed', account: 'acc-1', overdue: true };
    const cursor = cursorOf(new Listing('notices', asked));
    const others: [Record<string, string | boolean>, string][] = [
      [{ ...asked, status: 'waiting' }, 'status'],
      [{ status: 'failed', overdue: true }, 'account'],
      [{ ...asked, channel: 'email' }, 'channel'],
      [{ ...asked, overdue: false, account: 'acc-2' }, 'account, overdue'],
    ];
    for (const [other, names] of others)
      expect(refusalOf(new Listing('notices', other), cursor)).toBe(
        `is of a list with another ${names}: leave it out for the first page of this one`,
      );
  });

  it('as of one moment is refused as of another, and says which both are', () => {
    const as = <Result>(position: number, asked: number | undefined, work: () => Result): Result => {
      const moment = { position, time: TIME, views: new Map(), ...(asked !== undefined && { asked }) };
      return asOfMoment(moment, work);
    };
    const listing = () => new Listing('notices');
    const cursor = as(12, TIME, () => cursorOf(listing()));
    expect(as(12, TIME, () => listing().after(cursor, FORM))).toEqual([2, 'img-2']);
    const start =
      'is of a list with another asOf: it is of a list as of position 12 at 2022-05-18T09:00:00.000Z, and this is one';
    const end = 'leave it out for the first page of this one';
    expect(refusalOf(listing(), cursor)).toBe(`${start} of the present; ${end}`);
    expect(as(9, undefined, () => refusalOf(listing(), cursor))).toBe(`${start} as of position 9; ${end}`);
    expect(as(12, TIME + 1, () => refusalOf(listing(), cursor))).toBe(
      `${start} as of position 12 at 2022-05-18T09:00:00.001Z; ${end}`,
    );
    const ofPresent = cursorOf(listing());
    expect(as(9, undefined, () => refusalOf(listing(), ofPresent))).toContain(
      'it is of a list of the present, and this is one as of position 9',
    );
    const strange = encoded([2, 'img-2', { list: 'notices', asOf: '\u001b[31m' }]);
    expect(refusalOf(listing(), strange)).toBe(`is of a list with another asOf: ${end}`);
  });

  it('that nobody was given is refused, whatever it is', () => {
    const tag = { list: 'notices' };
    const strange = [
      ...[[], {}, null, 1, 'x', [2, 'img-2'], [tag], [2, tag], [2, 'img-2', 3, tag], [tag, 2, 'img-2']],
      ...[
        [-1, 'img-2', tag],
        [2.5, 'img-2', tag],
        ['2', 'img-2', tag],
        [2, 'a\u0000', tag],
        [2, 'img-2', [tag]],
      ],
      ...[{ list: 1 }, { list: '\u001b[31m' }, { list: 'notices', 'a b': 'x' }, { list: 'notices', status: 1 }].map(
        (other) => [2, 'img-2', other],
      ),
    ];
    for (const one of strange)
      expect([one, refusalOf(new Listing('notices'), encoded(one))]).toEqual([one, expect.any(String)]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const message = refusalOf(new Listing('notices'), Buffer.from(text).toString('base64url'));
        expect(message).toMatch(/^(must be the nextCursor of an earlier answer|is of a list )/);
      }),
    );
  });
});
