import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { closedPrefix, type Exposure, maturedPrefix, testedLimit } from './matured-prefix.js';

const exposure = (arrivedAt: number, state: Exposure['state'] = 'not-flagged'): Exposure => ({ arrivedAt, state });
const exposures = fc.array(
  fc.record({
    arrivedAt: fc.integer({ min: 0, max: 100 }),
    state: fc.constantFrom<Exposure['state'][]>('not-flagged', 'pending', 'confirmed', 'dismissed'),
  }),
  { maxLength: 40 },
);

describe('the matured prefix', () => {
  it('counts pending flags apart from confirmed ones, and dismissed ones as clean', () => {
    const all = [exposure(0), exposure(1, 'pending'), exposure(2, 'confirmed'), exposure(3, 'dismissed'), exposure(4)];
    expect(maturedPrefix(all, 13, 10)).toEqual({ exposures: 4, pending: 1, confirmed: 1 });
  });

  it('ends at the first that is too young, even if a later one is old enough', () => {
    const outOfOrder = [exposure(0), exposure(50, 'confirmed'), exposure(1, 'confirmed')];
    expect(maturedPrefix(outOfOrder, 40, 10)).toEqual({ exposures: 1, pending: 0, confirmed: 0 });
  });

  it('counts nothing if all are too young or there are none', () => {
    expect(maturedPrefix([exposure(5)], 14, 10)).toEqual({ exposures: 0, pending: 0, confirmed: 0 });
    expect(maturedPrefix([], 14, 10)).toEqual({ exposures: 0, pending: 0, confirmed: 0 });
  });

  it('only grows with time, and depends on no label of a later exposure', () => {
    fc.assert(
      fc.property(exposures, fc.nat(100), fc.nat(50), fc.nat(30), (all, now, later, delay) => {
        const { exposures } = maturedPrefix(all, now, delay);
        expect(maturedPrefix(all, now + later, delay).exposures).toBeGreaterThanOrEqual(exposures);
        const flagged = all.map((one, i) => (i < exposures ? one : { ...one, state: 'confirmed' as const }));
        expect(maturedPrefix(flagged, now, delay)).toEqual(maturedPrefix(all, now, delay));
      }),
    );
  });
});

describe('the closed prefix of accounts', () => {
  const accounts = [{ onboardedAt: 0 }, { onboardedAt: 10 }, { onboardedAt: 30 }, { onboardedAt: 11 }];

  it('ends at the first whose window and labels are not complete', () => {
    expect(closedPrefix(accounts, 34, 14, 10)).toEqual(accounts.slice(0, 2));
    expect(closedPrefix(accounts, 33, 14, 10)).toEqual(accounts.slice(0, 1));
  });

  it('is all of them after long enough, and none at first', () => {
    expect(closedPrefix(accounts, 54, 14, 10)).toEqual(accounts);
    expect(closedPrefix(accounts, 23, 14, 10)).toEqual([]);
  });
});

it('tests a limit that is lowered for late labels and for violations that nobody finds', () => {
  expect(testedLimit(0.00015, 0.05, 1)).toBeCloseTo(0.0001425, 12);
  expect(testedLimit(0.00015, 0.05, 0.5)).toBeCloseTo(0.00007125, 12);
});
