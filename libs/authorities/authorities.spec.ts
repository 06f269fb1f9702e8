import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { InvalidInput } from '../kernel/errors.js';
import {
  type AuthorityOrder,
  authoritiesStream,
  type Dispute,
  recordDispute,
  recordOrder,
  setTrustedFlagger,
} from './authorities.js';
import { AuthorityOrderRecorded, DisputeRecorded, TrustedFlaggerSet } from './events.js';

const NOW = Date.parse('2022-07-01T00:00:00Z');
const { initial } = authoritiesStream;
const order = AuthorityOrderRecorded.example as AuthorityOrder;
const dispute = DisputeRecorded.example as Dispute;
const flagger = TrustedFlaggerSet.example;

const faultsOf = (decide: () => unknown): string[] => {
  try {
    decide();
    return [];
  } catch (error) {
    if (error instanceof InvalidInput) return error.errors.map(({ field }) => field);
    throw error;
  }
};

describe('an order of an authority', () => {
  const recorded = fold(authoritiesStream, recordOrder(initial, order, NOW));

  it('is recorded, and corrected by recording it again', () => {
    expect(recordOrder(initial, order, NOW)).toEqual([{ type: 'AuthorityOrderRecorded', data: order }]);
    const corrected = { ...order, items: 3, reason: 'counted again' };
    expect(recordOrder(recorded, corrected, NOW)).toEqual([{ type: 'AuthorityOrderRecorded', data: corrected }]);
  });

  it('is a no-op if it says nothing new, for whatever reason', () => {
    expect(recordOrder(recorded, { ...order, reason: 'again' }, NOW)).toEqual([]);
  });

  it('refuses times in a wrong order or to come, and codes that are none', () => {
    const faults = (change: Partial<AuthorityOrder>) =>
      faultsOf(() => recordOrder(initial, { ...order, ...change }, NOW));
    expect(faults({ acknowledgedAt: '2022-05-18T08:59:59.999Z' })).toEqual(['/acknowledgedAt']);
    expect(faults({ carriedOutAt: '2022-07-01T00:00:00.001Z' })).toEqual(['/carriedOutAt']);
    expect(faults({ country: 'US' })).toEqual(['/country']);
    expect(faults({ category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC' })).toEqual(['/category']);
    expect(faults({ keyword: 'KEYWORD_PHISHING' })).toEqual(['/keyword']);
    expect(faults({ keyword: 'KEYWORD_HUMAN_TRAFFICKING' })).toEqual([]);
    expect(faults({ kind: 'inform' })).toEqual(['/items']);
    const { items: _, ...none } = order;
    expect(faultsOf(() => recordOrder(initial, none, NOW))).toEqual(['/items']);
    expect(faultsOf(() => recordOrder(initial, { ...none, kind: 'inform' }, NOW))).toEqual([]);
  });
});

describe('a dispute before an out-of-court body', () => {
  const { decidedAt: _, outcome: __, isImplemented: ___, ...submitted } = dispute;
  const recorded = fold(authoritiesStream, recordDispute(initial, submitted, NOW));

  it('is recorded, and completed by recording it again', () => {
    expect(recorded.disputes.get('dispute-1')?.data).toEqual(submitted);
    expect(recordDispute(recorded, dispute, NOW)).toEqual([{ type: 'DisputeRecorded', data: dispute }]);
  });

  it('is a no-op if it says nothing new', () => {
    expect(recordDispute(recorded, { ...submitted, reason: 'again' }, NOW)).toEqual([]);
  });

  it('refuses an outcome without its time, and one that nobody can carry out', () => {
    const faults = (change: Partial<Dispute>) =>
      faultsOf(() => recordDispute(initial, { ...submitted, ...change }, NOW));
    expect(faults({ outcome: 'reversed', isImplemented: true })).toEqual(['/outcome']);
    expect(faults({ outcome: 'omitted', decidedAt: '2022-06-18T09:00:00.000Z' })).toEqual([]);
    expect(faults({ outcome: 'omitted', decidedAt: '2022-06-18T09:00:00.000Z', isImplemented: true })).toEqual([
      '/isImplemented',
    ]);
    expect(faults({ outcome: 'upheld', decidedAt: '2022-05-17T09:00:00.000Z', isImplemented: true })).toEqual([
      '/decidedAt',
    ]);
  });
});

it('sets a trusted flagger, and is a no-op if it is one, or removes one', () => {
  const set = fold(authoritiesStream, setTrustedFlagger(initial, flagger));
  expect(setTrustedFlagger(initial, flagger)).toEqual([{ type: 'TrustedFlaggerSet', data: flagger }]);
  expect(setTrustedFlagger(set, flagger)).toEqual([]);
  const removal = { ...flagger, isTrusted: false };
  expect(setTrustedFlagger(set, removal)).toEqual([{ type: 'TrustedFlaggerSet', data: removal }]);
  expect(setTrustedFlagger(fold(authoritiesStream, setTrustedFlagger(set, removal), set), removal)).toEqual([]);
  expect(() => setTrustedFlagger(initial, removal)).toThrow(expect.objectContaining({ code: 'flagger-unknown' }));
});
