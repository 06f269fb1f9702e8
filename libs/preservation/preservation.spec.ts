import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import type { PreservationEvent } from './events.js';
import {
  liftHold,
  placeHold,
  placeHoldByHand,
  preservationStream,
  recordReport,
  refuseUnderHold,
} from './preservation.js';

const accountId = 'acc-1';
const holdId = 'img-1';
const reason = 'an order of a court';
const placed: PreservationEvent = { type: 'LegalHoldPlaced', data: { accountId, holdId, reason } };
const lifted: PreservationEvent = { type: 'LegalHoldLifted', data: { accountId, holdId, reason } };
const report = {
  accountId,
  caseId: 'img-1',
  authority: 'NCMEC',
  reference: 'CT-1',
  sentAt: '2022-05-19T12:00:00.000Z',
};
const given = (...events: PreservationEvent[]) =>
  fold(
    preservationStream,
    events.map((event) => ({ ...event, metadata: { time: '2022-05-19T09:00:00.000Z' } })),
  );

const ofCase: PreservationEvent = {
  type: 'LegalHoldPlaced',
  data: { accountId, holdId: 'e-1', caseId: 'img-1', reason },
};

describe('a hold', () => {
  it('is placed with its reason, and is in force until it is lifted', () => {
    expect(placeHold(given(), placed.data as never)).toEqual([placed]);
    expect(given(placed).holds.get(holdId)).toEqual({ holdId, reason, placedAt: '2022-05-19T09:00:00.000Z' });
    expect(liftHold(given(placed), { accountId, holdId, reason })).toEqual([lifted]);
    expect(given(placed, lifted).holds.get(holdId)?.lifted).toEqual({ at: '2022-05-19T09:00:00.000Z', reason });
  });

  it('is placed once, also after it was lifted, and lifted once', () => {
    expect(placeHold(given(placed), placed.data as never)).toEqual([]);
    expect(placeHold(given(placed, lifted), placed.data as never)).toEqual([]);
    expect(liftHold(given(placed, lifted), { accountId, holdId, reason })).toEqual([]);
  });

  it('names the case that led to it when it is lifted, and is placed anew for the next confirmation of the case', () => {
    const [event] = liftHold(given(ofCase), { accountId, holdId: 'e-1', reason });
    expect(event).toEqual({ type: 'LegalHoldLifted', data: { accountId, holdId: 'e-1', caseId: 'img-1', reason } });
    expect(placeHold(given(ofCase, event!), { ...ofCase.data, holdId: 'e-2' } as never)).toHaveLength(1);
  });

  it('is lifted with the earlier ones of its case, and with no later one', () => {
    const again: PreservationEvent = { type: 'LegalHoldPlaced', data: { ...ofCase.data, holdId: 'e-2' } as never };
    const other: PreservationEvent = {
      type: 'LegalHoldPlaced',
      data: { ...ofCase.data, holdId: 'e-0', caseId: 'img-0' } as never,
    };
    const state = given(placed, other, ofCase, again);
    const lifting = (id: string) => ({
      type: 'LegalHoldLifted' as const,
      data: { accountId, holdId: id, caseId: 'img-1', reason },
    });
    expect(liftHold(state, { accountId, holdId: 'e-2', reason })).toEqual([lifting('e-1'), lifting('e-2')]);
    expect(liftHold(state, { accountId, holdId: 'e-1', reason })).toEqual([lifting('e-1')]);
    expect(liftHold(state, { accountId, holdId, reason })).toEqual([lifted]);
    // As earlier releases lifted it.
    const half = given(ofCase, again, lifting('e-2'));
    expect(liftHold(half, { accountId, holdId: 'e-2', reason })).toEqual([lifting('e-1')]);
    expect(
      liftHold(given(ofCase, again, lifting('e-1'), lifting('e-2')), { accountId, holdId: 'e-2', reason }),
    ).toEqual([]);
  });

  it('that was lifted is refused if somebody places it again, and a repeat before that changes nothing', () => {
    expect(placeHoldByHand(given(), placed.data as never, true)).toEqual([placed]);
    for (const isKnown of [true, false])
      expect(placeHoldByHand(given(placed), placed.data as never, isKnown)).toEqual([]);
    const refused = expect.objectContaining({ code: 'hold-lifted' });
    expect(() => placeHoldByHand(given(placed, lifted), placed.data as never, true)).toThrow(refused);
  });

  it('is not placed by hand on an account of which nothing is stored', () => {
    const unknown = expect.objectContaining({ code: 'account-unknown' });
    expect(() => placeHoldByHand(given(), placed.data as never, false)).toThrow(unknown);
    // A confirmation names the account.
    expect(placeHold(given(), placed.data as never)).toEqual([placed]);
  });

  it('that is unknown can’t be lifted', () => {
    const unknown = expect.objectContaining({ code: 'hold-unknown' });
    expect(() => liftHold(given(), { accountId, holdId, reason })).toThrow(unknown);
  });
});

it('records a report to an authority once, and another one beside it', () => {
  const informed = recordReport(given(), report, true);
  expect(informed).toEqual([{ type: 'AuthorityInformed', data: report }]);
  const state = given(...informed);
  expect(recordReport(state, report, false)).toEqual([]);
  expect(recordReport(state, { ...report, authority: 'BKA' }, true)).toHaveLength(1);
});

it('refuses a recorded report with another time, and one of a case that is neither severe nor held', () => {
  const state = given(...recordReport(given(), report, true));
  const later = { ...report, sentAt: '2022-05-19T13:00:00.000Z' };
  expect(() => recordReport(state, later, true)).toThrow(
    /CT-1 .* already recorded, as sent at 2022-05-19T12:00:00.000Z/,
  );
  const notDue = expect.objectContaining({ code: 'report-not-due' });
  expect(() => recordReport(given(), report, false)).toThrow(notDue);
  expect(() => recordReport(given(placed, lifted), report, false)).toThrow(notDue);
  expect(recordReport(given(placed), report, false)).toHaveLength(1);
});

describe('erasing what is stored of an account', () => {
  const NOTHING = { pending: [], isUncertain: false };
  const erase = (state = given(), toCome: Partial<Parameters<typeof refuseUnderHold>[2]> = {}) =>
    refuseUnderHold(state, accountId, { ...NOTHING, ...toCome });
  const underHold = (more: object) =>
    expect.objectContaining({ code: 'under-hold', details: { accountId, caseId: null, ...more } });

  it('is let through without a hold, and once every hold is lifted', () => {
    expect(() => erase()).not.toThrow();
    expect(() => erase(given(placed, lifted))).not.toThrow();
  });

  it('is refused under a hold, which the refusal names with its remedy', () => {
    expect(() => erase(given(placed))).toThrow(underHold({ holdId }));
    expect(() => erase(given(placed))).toThrow(/DELETE \/v1\/accounts\/acc-1\/legal-holds\/img-1/);
  });

  it('is refused while a hold is to be placed, or can’t be known, but not for one that was lifted', () => {
    const pending = [{ holdId: 'e-1', caseId: 'img-1', reason }];
    expect(() => erase(given(), { pending })).toThrow(underHold({ holdId: 'e-1', caseId: 'img-1' }));
    const over: PreservationEvent = { type: 'LegalHoldLifted', data: { ...ofCase.data, reason } as never };
    expect(() => erase(given(ofCase, over), { pending })).not.toThrow();
    expect(() => erase(given(), { isUncertain: true })).toThrow(underHold({ holdId: null }));
  });
});
