import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOW, rate, rateWorld, set } from '../../test/support/rate-world.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { GatehouseError } from '../kernel/errors.js';

const code = (value: string) => expect.objectContaining({ code: value });
const tomorrow = toIso(NOW + DAY_MS);
const proposal = { changeId: 'r-1', perWeek: 1500, reason: 'a test' };

describe('declining a change', () => {
  it('is refused for an id that nobody proposed', () => {
    expect(() => rateWorld(rate(1000)).decline('r-9', 'omar')).toThrow(code('proposal-unknown'));
  });

  it('is a no-op if it was declined, and if it has expired', () => {
    const one = rateWorld(rate(1000));
    one.propose(proposal);
    expect(one.decline('r-1', 'omar')).toMatchObject([{ data: { changeId: 'r-1', how: 'refused' } }]);
    expect(one.decline('r-1', 'omar')).toEqual([]);
    one.propose({ ...proposal, changeId: 'r-2', expiresAt: tomorrow });
    expect(one.decline('r-2', 'omar', NOW + DAY_MS)).toEqual([]);
  });

  it('is refused once it has taken effect', () => {
    const one = rateWorld(rate(1000));
    one.propose(proposal);
    one.approve('r-1', 'omar');
    expect(() => one.decline('r-1', 'ola')).toThrow(code('change-in-force'));
  });

  it('names the other command for a change that is planned', () => {
    const one = rateWorld(rate(1000));
    one.propose({ ...proposal, effectiveAt: tomorrow });
    one.approve('r-1', 'omar');
    expect(() => one.decline('r-1', 'ola')).toThrow(/gatehouse rollout cancel/);
    expect(one.cancel('r-1')).toHaveLength(1);
    expect(one.decline('r-1', 'ola')).toEqual([]);
  });
});

describe('cancelling a change', () => {
  it('is refused for an id that nobody planned', () => {
    expect(() => rateWorld(rate(1000)).cancel('n-9')).toThrow(code('planned-change-unknown'));
  });

  it('is a no-op if it was cancelled', () => {
    const one = rateWorld(rate(1000));
    one.change(set(1500, { effectiveAt: tomorrow }));
    expect(one.cancel('n-1')).toMatchObject([{ data: { changeId: 'n-1', how: 'cancelled' } }]);
    expect(one.cancel('n-1')).toEqual([]);
  });

  it('is refused once it has taken effect, also if only the clock says so', () => {
    const one = rateWorld(rate(1000));
    one.change(set(1500, { effectiveAt: tomorrow }));
    expect(() => one.cancel('n-1', NOW + DAY_MS)).toThrow(code('change-in-force'));
    one.tick(NOW + DAY_MS);
    expect(() => one.cancel('n-1', NOW + DAY_MS)).toThrow(code('change-in-force'));
  });

  it('names the other command for a change that waits for an approval', () => {
    const one = rateWorld(rate(1000));
    one.propose(proposal);
    expect(() => one.cancel('r-1')).toThrow(/gatehouse rollout decline/);
  });
});

it('never lets a change take effect after it was ended, and ends none that took effect', () => {
  let ended = 0;
  let refused = 0;
  const id = fc.nat(4).map((n) => `r-${n}`);
  const step = fc.record({
    kind: fc.constantFrom('propose', 'approve', 'decline', 'cancel', 'tick'),
    id,
    hours: fc.nat(30),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (steps) => {
      const one = rateWorld(rate(1000));
      const over = new Set<string>();
      let now = NOW;
      const effective = () =>
        one.stored.flatMap(({ event }) =>
          event.type === 'OnboardingRateSet' && event.data.changeId !== undefined ? [event.data.changeId] : [],
        );
      for (const [n, { kind, id: changeId, hours }] of steps.entries()) {
        now += hours * 600_000;
        const planned = hours % 2 === 0 ? { effectiveAt: toIso(now + DAY_MS) } : {};
        try {
          if (kind === 'propose')
            one.propose({ changeId, perWeek: 1001 + n, reason: 'a test', ...planned }, 'olga', now);
          else if (kind === 'approve') one.approve(changeId, 'omar', now);
          else if (kind === 'tick') one.tick(now);
          else {
            if (kind === 'decline') one.decline(changeId, 'omar', now);
            else one.cancel(changeId, now);
            over.add(changeId);
            ended++;
          }
        } catch (error) {
          if (!(error instanceof GatehouseError)) throw error;
          if (error.code === 'change-in-force') {
            // It may be due, with its event still to be stored.
            one.tick(now);
            expect(effective()).toContain(changeId);
            refused++;
          }
        }
        expect(effective().filter((one) => over.has(one))).toEqual([]);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
  expect(ended).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
});
