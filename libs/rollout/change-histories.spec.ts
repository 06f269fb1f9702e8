import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOW, rate, rateWorld, set, terms } from '../../test/support/rate-world.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { GatehouseError } from '../kernel/errors.js';
import type { ChangeRequest } from './change-rollout.js';
import { restrictedAt } from './changes.js';

describe('any history of changes', () => {
  const person = fc.constantFrom('olga', 'omar', 'ola');
  const perWeek = fc.integer({ min: 0, max: 12_000 });
  const time = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('change' as const), person, perWeek, time, confirms: fc.boolean() }),
    fc.record({ kind: fc.constant('propose' as const), person, perWeek, time, confirms: fc.boolean() }),
    fc.record({ kind: fc.constant('approve' as const), person, id: fc.nat(3) }),
    fc.record({ kind: fc.constant('decline' as const), person, id: fc.nat(10) }),
    fc.record({ kind: fc.constant('pause' as const), person, time }),
    fc.record({ kind: fc.constant('revert' as const), person, at: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ kind: fc.constant('tick' as const) }),
    fc.record({ kind: fc.constant('clock' as const), hours: fc.integer({ min: -5, max: 40 }) }),
  );

  it('exceeds the ceiling only by two persons, and repeats nothing that took effect', () => {
    let raised = 0;
    let approvals = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), (steps) => {
        const one = rateWorld(rate(1000));
        let now = NOW;
        let proposals = 0;
        for (const given of steps) {
          const sizeBefore = one.stored.length;
          const rateBefore = one.state.perWeek!;
          try {
            if (given.kind === 'clock') now += given.hours * 3_600_000;
            else if (given.kind === 'tick') {
              one.tick(now);
              // A second tick, or one by a clock that is behind, changes nothing.
              expect([one.tick(now), one.tick(now - DAY_MS)]).toEqual([[], []]);
            } else if (given.kind === 'approve') one.approve(`r-${given.id}`, given.person, now);
            else if (given.kind === 'decline') one.decline(`r-${given.id}`, given.person, now);
            else if (given.kind === 'revert') {
              if (given.at <= one.stored.length) one.revert(given.at, {}, given.person);
            } else {
              const effectiveAt = given.time === undefined ? undefined : toIso(now + given.time * 3_600_000);
              if (given.kind === 'pause')
                one.change({ does: 'pause', reason: 'a test', effectiveAt }, given.person, now);
              else {
                const confirm = given.confirms ? given.perWeek : undefined;
                const request = set(given.perWeek, { effectiveAt, confirm }) as ChangeRequest & { reason: string };
                if (given.kind === 'change') one.change(request, given.person, now);
                else one.propose({ ...request, changeId: `r-${proposals++}` }, given.person, now);
              }
            }
          } catch (error) {
            if (!(error instanceof GatehouseError)) throw error;
            expect(one.stored).toHaveLength(sizeBefore);
          }
          expect(restrictedAt(one.state, now).perWeek!).toBeLessThanOrEqual(one.state.perWeek!);
          if (one.state.perWeek! > rateBefore) raised += 1;
        }
        for (const { event, before } of one.stored) {
          if (event.type !== 'OnboardingRateSet' || event.data.perWeek <= (before.perWeek ?? 0)) continue;
          const { by, approvedBy, perWeek: set } = event.data;
          if (set > terms.ratePerWeekAlone && before.perWeek !== undefined) {
            expect(approvedBy).toBeDefined();
            expect(approvedBy).not.toBe(by);
            approvals += 1;
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(raised).toBeGreaterThan(100);
    expect(approvals).toBeGreaterThan(10);
  });
});
