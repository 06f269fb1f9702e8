import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NetworkBudget } from './network-budget.js';

const LIMIT = 3;
const MINUTE_MS = 60_000;

function newBudget() {
  const clock = { now: 1_000 };
  const budget = new NetworkBudget(LIMIT, 'asked', () => clock.now);
  const isLeft = (network: string) => {
    try {
      budget.spend(network);
      return true;
    } catch {
      return false;
    }
  };
  return { clock, budget, isLeft };
}

describe('the budget of a network', () => {
  it('is spent above the limit, until a minute after the first', () => {
    const { clock, budget, isLeft } = newBudget();
    for (let n = 0; n < LIMIT; n++) expect(isLeft('192.0.2.1')).toBe(true);
    clock.now += MINUTE_MS - 1;
    expect(() => budget.spend('192.0.2.1')).toThrow(
      expect.objectContaining({ code: 'too-many-requests', status: 429, retryAfterS: 1 }),
    );
    expect(isLeft('192.0.2.2')).toBe(true);
    clock.now += 1;
    for (let n = 0; n < LIMIT; n++) expect(isLeft('192.0.2.1')).toBe(true);
    expect(isLeft('192.0.2.1')).toBe(false);
  });

  it('is always left to a network that stayed within the limit during the last minute', () => {
    const step = fc.record({ network: fc.nat(3), later: fc.integer({ min: 0, max: 40_000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, isLeft } = newBudget();
        const at = new Map<number, number[]>();
        for (const { network, later } of steps) {
          clock.now += later;
          const recent = (at.get(network) ?? []).filter((time) => time > clock.now - MINUTE_MS);
          at.set(network, [...recent, clock.now]);
          if (recent.length < LIMIT) expect(isLeft(`192.0.2.${network}`)).toBe(true);
          else isLeft(`192.0.2.${network}`);
        }
      }),
    );
  });
});
