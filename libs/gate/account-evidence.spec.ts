import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AccountEvidence } from './account-evidence.js';

const LIMIT = 0.0005;

/** A second implementation, from the formula and without logarithms. */
function evidenceByHand(
  accounts: readonly (readonly [exposures: number, violations: number])[],
  limit: number,
  cap: number,
) {
  const bets = Array.from({ length: 24 }, (_, i) => (0.02 * 49 ** (i / 23)) / cap);
  const products = bets.map((bet) =>
    accounts.reduce((product, [n, x]) => product * (1 - bet * (Math.min(x, cap) - limit * n)), 1),
  );
  return products.reduce((sum, product) => sum + product, 0) / bets.length;
}

const account = fc
  .integer({ min: 0, max: 200 })
  .chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: Math.min(n, 5) })));
const cap = fc.constantFrom(1, 3, 20);

function logEOf(accounts: readonly (readonly [number, number])[], cap: number, limit = LIMIT): number {
  const evidence = new AccountEvidence(limit, cap);
  for (const [exposures, violations] of accounts) evidence.add(exposures, violations);
  return evidence.logE;
}

describe('the evidence with the account as unit', () => {
  it('is the mean of the products of 24 bets', () => {
    fc.assert(
      fc.property(
        fc.array(account, { maxLength: 100 }),
        cap,
        fc.double({ min: 1e-6, max: 0.05, noNaN: true }),
        (accounts, cap, limit) => {
          expect(logEOf(accounts, cap, limit)).toBeCloseTo(Math.log(evidenceByHand(accounts, limit, cap)), 9);
        },
      ),
    );
  });

  it('does not depend on the order of the accounts, nor on how equal ones are added', () => {
    fc.assert(
      fc.property(fc.array(account, { maxLength: 50 }), cap, (accounts, cap) => {
        expect(logEOf([...accounts].reverse(), cap)).toBeCloseTo(logEOf(accounts, cap), 9);
      }),
    );
    const together = new AccountEvidence(LIMIT, 3);
    together.add(20, 0, 500);
    expect(together.logE).toBeCloseTo(
      logEOf(
        Array.from({ length: 500 }, () => [20, 0] as const),
        3,
      ),
      9,
    );
  });

  it('grows with a clean account, shrinks with one with a violation, and counts at most the cap of one account', () => {
    fc.assert(
      fc.property(fc.array(account, { maxLength: 50 }), cap, (accounts, cap) => {
        const before = logEOf(accounts, cap);
        expect(logEOf([...accounts, [20, 0]], cap)).toBeGreaterThan(before);
        expect(logEOf([...accounts, [20, 1]], cap)).toBeLessThan(before);
        expect(logEOf([...accounts, [40, 40]], cap)).toBe(logEOf([...accounts, [40, cap]], cap));
      }),
    );
  });

  it('costs about 1.4 times the exposures of the test at exposure level if nothing is found', () => {
    const evidence = new AccountEvidence(LIMIT, 1);
    let accounts = 0;
    for (; evidence.logE < Math.log(20); accounts++) evidence.add(20, 0);
    expect((accounts * 20) / 8_377).toBeCloseTo(1.4, 0);
    expect(accounts * 20).toBeGreaterThan(8_377);
  });

  it('is at most 1 in the mean after an account whose capped violations are at the limit or above, whatever came before', () => {
    const rate = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(account, { maxLength: 20 }),
        cap,
        fc.integer({ min: 1, max: 200 }),
        rate,
        (accounts, cap, n, above) => {
          // All capped violations or none, at a mean of at least the limit times n.
          const share = Math.min(1, (LIMIT * n) / cap + above);
          const violations = cap;
          const mean =
            share * Math.exp(logEOf([...accounts, [n, violations]], cap)) +
            (1 - share) * Math.exp(logEOf([...accounts, [n, 0]], cap));
          expect(mean).toBeLessThanOrEqual(Math.exp(logEOf(accounts, cap)) * (1 + 1e-9));
        },
      ),
    );
  });

  it('is none without accounts, and refuses a cap that is not an integer above 0', () => {
    expect(new AccountEvidence(LIMIT, 1).logE).toBeCloseTo(0, 12);
    expect(() => new AccountEvidence(LIMIT, 0)).toThrow(RangeError);
    expect(() => new AccountEvidence(LIMIT, 1.5)).toThrow(RangeError);
  });
});
