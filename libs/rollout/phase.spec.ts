import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOW, rate, rateWorld, set, terms } from '../../test/support/rate-world.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { GatehouseError } from '../kernel/errors.js';
import { admitDaily, admitJoined } from './admission.js';
import { PHASES } from './change-events.js';
import { setRamp } from './change-ramp.js';
import { restrictedAt } from './changes.js';
import { closeCohort, onboardedAt } from './closing-cohort.js';
import type { RolloutEvent } from './events.js';
import { batchOf } from './held-places.js';
import { admitInvited, holdPlaces } from './hold-places.js';
import { GateMoved } from './move-events.js';
import { PHASE_ENTRIES, type PhaseName } from './phase.js';
import { admitCohort, peopleInTotal, peopleInWindow } from './rollout.js';
import { admitSlice } from './scheduled-slice.js';

const code = (value: string) => expect.objectContaining({ code: value });
const begun = (phase: PhaseName, ceiling?: number): RolloutEvent => ({
  type: 'RolloutPhaseSet',
  data: { phase, ...(ceiling !== undefined && { ceiling }), before: 'weekly', reason: 'a test' },
});
const hourly = { timeZone: 'Europe/London', days: ['wednesday'], hours: [10] } as const;
const DUE = Date.parse('2022-05-18T09:05:00Z');
const proposal = { does: 'set-phase', changeId: 'r-1', phase: 'open', ceiling: 5000, reason: 'a test' } as const;

describe('a phase', () => {
  it('is proposed by one person and approved by another, with its rate, and begins a stage of the gate', () => {
    const one = rateWorld(rate(1000));
    expect(one.propose({ ...proposal, perWeek: 2000 })).toMatchObject([{ data: { does: 'set-phase', phase: 'open' } }]);
    expect(one.propose({ ...proposal, perWeek: 2000 })).toEqual([]);
    expect(() => one.approve('r-1', 'olga')).toThrow(code('same-person'));
    expect(one.approve('r-1', 'omar')).toMatchObject([
      { type: 'ApprovalGiven' },
      {
        type: 'RolloutPhaseSet',
        data: { phase: 'open', ceiling: 5000, before: 'weekly', by: 'olga', approvedBy: 'omar' },
      },
      { type: 'OnboardingRateSet', data: { perWeek: 2000, approvedBy: 'omar' } },
    ]);
    expect(one.state).toMatchObject({ phase: { phase: 'open', ceiling: 5000 }, perWeek: 2000 });
    expect(one.state.gate.stages.map(({ cause }) => cause)).toEqual(['rate-raised', 'phase-changed']);
    expect(one.propose({ ...proposal, changeId: 'r-2' })).toEqual([]);
  });

  it('is set by nobody alone, and needs the confirmation that its rate needs', () => {
    const one = rateWorld(rate(1000));
    expect(() => one.change({ does: 'set-phase', phase: 'open', reason: 'a test' })).toThrow(code('approval-needed'));
    expect(() => one.propose({ ...proposal, perWeek: 3000 })).toThrow(code('confirmation-needed'));
    expect(one.change({ does: 'set-phase', phase: 'weekly', reason: 'a test' })).toEqual([]);
  });

  it('takes effect by the clock: what it forbids from its time on, what it allows with its event', () => {
    const one = rateWorld(rate(1000), begun('weekly', 900));
    const effectiveAt = toIso(NOW + DAY_MS);
    one.propose({ ...proposal, phase: 'preview', ceiling: 50, effectiveAt });
    one.approve('r-1', 'omar');
    one.propose({ ...proposal, changeId: 'r-2', phase: 'open', ceiling: 100, effectiveAt });
    one.approve('r-2', 'omar');
    expect(restrictedAt(one.state, NOW).phase).toEqual({ phase: 'weekly', ceiling: 900 });
    expect(restrictedAt(one.state, NOW + DAY_MS).phase).toEqual({ phase: 'preview', ceiling: 50 });
    one.tick(NOW + DAY_MS);
    expect(one.state.phase).toEqual({ phase: 'open', ceiling: 100 });
  });

  it('is no longer approved once less was allowed since it was proposed', () => {
    const one = rateWorld(rate(1000), begun('weekly', 900));
    one.propose(proposal);
    one.propose({ ...proposal, changeId: 'r-2', phase: 'weekly', ceiling: 800 });
    one.propose({ ...proposal, changeId: 'r-3', phase: 'preview', ceiling: 900 });
    expect(one.approve('r-3', 'omar')).toHaveLength(2);
    expect(() => one.approve('r-1', 'omar')).toThrow(code('phase-narrowed'));
    expect(() => one.approve('r-2', 'omar')).toThrow(code('phase-narrowed'));
    one.propose({ ...proposal, changeId: 'r-4' });
    one.approve('r-4', 'omar');
    expect(one.state.phase).toEqual({ phase: 'open', ceiling: 5000 });
  });

  it('lapses if less was allowed after it was planned, and takes effect if more was', () => {
    const planned = (phase: PhaseName, ceiling: number) => {
      const one = rateWorld(rate(1000), begun('weekly', 900));
      one.propose({ ...proposal, effectiveAt: toIso(NOW + DAY_MS) });
      one.approve('r-1', 'omar');
      one.propose({ ...proposal, changeId: 'r-2', phase, ceiling });
      one.approve('r-2', 'omar');
      return { ...one, effect: one.tick(NOW + DAY_MS), after: one.state };
    };
    const lapsed = planned('weekly', 500);
    expect(lapsed.effect).toMatchObject([
      {
        type: 'RolloutChangeEnded',
        data: {
          changeId: 'r-1',
          how: 'lapsed',
          reason: expect.stringMatching(/set to weekly with at most 500 people/),
        },
      },
    ]);
    expect(lapsed.after.phase).toEqual({ phase: 'weekly', ceiling: 500 });
    expect(planned('invitations', 5000).effect).toMatchObject([{ data: { how: 'lapsed' } }]);
    expect(planned('open', 2000).effect).toMatchObject([{ type: 'RolloutPhaseSet', data: { ceiling: 5000 } }]);
  });

  it('from open to weekly with a lower rate ends a ramp plan whose step is due, and lets a scheduled raise lapse', () => {
    const due = NOW + 7 * DAY_MS;
    const world = () => {
      const one = rateWorld(rate(1000), begun('open'));
      const steps = [{ perWeek: 1500, afterDays: 7, mode: 'automatic' as const }];
      one.apply(setRamp(one.state, { steps, reason: 'a test' }, { by: 'olga', now: NOW, terms, newId: 'ramp' }));
      one.change(set(2000, { effectiveAt: toIso(due) }));
      return one;
    };
    const narrowed = (perWeek?: number) => {
      const one = world();
      one.propose({ ...proposal, phase: 'weekly', ceiling: undefined, perWeek, effectiveAt: toIso(due - 1) });
      one.approve('r-1', 'omar');
      return { effect: one.tick(due), after: one.state };
    };
    const lower = narrowed(500);
    expect(lower.effect).toMatchObject([
      { type: 'RolloutPhaseSet', data: { phase: 'weekly' } },
      { type: 'OnboardingRateSet', data: { perWeek: 500 } },
      { type: 'RampPlanEnded', data: { planId: 'ramp', how: 'rate-changed' } },
      { type: 'RolloutChangeEnded', data: { how: 'lapsed', reason: expect.stringMatching(/lowered to 500/) } },
    ]);
    expect(lower.after).toMatchObject({ perWeek: 500, phase: { phase: 'weekly' }, changes: { planned: [] } });
    expect(lower.after.ramp).toBeUndefined();
    // A phase alone says nothing about the rate: the raise is the one that was confirmed, and ends the plan as any other does.
    const same = narrowed();
    expect(same.effect.map(({ type }) => type)).toEqual(['RolloutPhaseSet', 'OnboardingRateSet', 'RampPlanEnded']);
    expect(same.after).toMatchObject({ perWeek: 2000, phase: { phase: 'weekly' } });
  });

  it('names the command of a phase in what it says of a raise', () => {
    const one = rateWorld(rate(1000));
    expect(() => one.propose({ ...proposal, perWeek: 3000 })).toThrow(
      "gatehouse rollout propose-phase open 'REASON' --ceiling 5000 --rate 3000 --confirm 3000",
    );
  });

  it('is reverted by two persons', () => {
    const one = rateWorld(rate(1000), begun('open', 900));
    expect(() => one.revert(2)).toThrow(code('approval-needed'));
    expect(one.revert(2, { changeId: 'r-1' })).toMatchObject([{ type: 'RolloutChangeProposed' }]);
    one.approve('r-1', 'omar');
    expect(one.state.phase).toEqual({ phase: 'weekly' });
  });

  it.each(PHASES)('%s lets people in by its ways only', (phase) => {
    const { state } = rateWorld(rate(1000), begun(phase));
    const daily = { ...state, daily: true };
    const ways: Record<(typeof PHASE_ENTRIES)[PhaseName][number], () => readonly RolloutEvent[]> = {
      listed: () => admitCohort(state, { cohortId: 'c', now: DUE, accounts: ['a'] }),
      line: () => admitCohort(state, { cohortId: 'c', now: DUE, size: 1 }),
      invitation: () => holdPlaces(state, { batchId: 'b', accounts: ['a'], until: DUE + 1, now: DUE }),
      schedule: () => [...admitSlice(state, hourly, DUE, 5), ...admitDaily(daily, DUE, 5)],
      joining: () => admitJoined(state, DUE, 5),
    };
    const allowed = Object.entries(ways).flatMap(([way, admit]) => {
      try {
        return admit().length > 0 ? [way] : [];
      } catch (error) {
        expect(error).toMatchObject({ code: 'phase-refuses', details: { phase } });
        return [];
      }
    });
    expect(allowed.sort()).toEqual([...PHASE_ENTRIES[phase]].sort());
  });

  it('lets in no more people in total than its ceiling, whatever the rate allows', () => {
    const { state } = rateWorld(rate(1000), begun('open', 10));
    expect(() => admitCohort(state, { cohortId: 'c', now: NOW, size: 11 })).toThrow(code('ceiling-reached'));
    expect(admitJoined(state, NOW, 500)).toMatchObject([{ data: { size: 10 } }]);
    const accounts = Array.from({ length: 11 }, (_, i) => `account-${i}`);
    expect(() => admitCohort(state, { cohortId: 'c', now: NOW, accounts })).toThrow(code('ceiling-reached'));
  });

  it('lets in of a batch of invitations only as many as a ceiling leaves that was lowered since', () => {
    const accounts = Array.from({ length: 10 }, (_, i) => `account-${i}`);
    const one = rateWorld(rate(1000));
    one.apply(holdPlaces(one.state, { batchId: 'b', accounts, until: NOW + DAY_MS, now: NOW }));
    one.apply([begun('invitations', 4)]);
    const admit = (people: readonly string[]) => {
      const { admitted } = batchOf(one.state.held, 'b')!;
      return one.apply(admitInvited(one.state, { batchId: 'b', accounts: people, after: admitted, now: NOW }));
    };
    expect(admit(accounts.slice(0, 3))).toMatchObject([{ data: { size: 3 } }]);
    expect(admit(accounts.slice(3))).toMatchObject([{ data: { accounts: ['account-3'] } }]);
    expect(admit(accounts.slice(4))).toEqual([]);
    expect(() => admitCohort(one.state, { cohortId: 'c', now: NOW, accounts: ['other'] })).toThrow(
      code('ceiling-reached'),
    );
    one.apply([begun('preview', 9)]);
    expect(admit(accounts.slice(4))).toEqual([]);
    one.apply([begun('invitations', 9)]);
    expect(admit(accounts.slice(4))).toMatchObject([{ data: { size: 5 } }]);
    expect(peopleInTotal(one.state)).toBe(9);
  });
});

describe('any history of open access', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('join' as const), people: fc.integer({ min: 1, max: 900 }) }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('onboarded' as const), people: fc.nat(900) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('clock' as const), hours: fc.integer({ min: -30, max: 90 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('rate' as const), perWeek: fc.integer({ min: 0, max: 4000 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('phase' as const),
        phase: fc.constantFrom('open' as const, 'open' as const, 'weekly' as const, 'preview' as const),
        ceiling: fc.option(fc.integer({ min: 1, max: 6000 }), { nil: undefined }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const), isPaused: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('gate' as const), isBraked: fc.boolean() }) },
  );

  it('admits nobody beyond rate, ceiling, gate, pause and phase, and by two schedulers nobody twice', () => {
    let admitted = 0;
    let stopped = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (steps) => {
        const one = rateWorld(rate(1000), begun('open', 3000));
        let now = NOW;
        let waiting = 0;
        let proposals = 0;
        for (const given of steps) {
          try {
            if (given.kind === 'clock') now += given.hours * 3_600_000;
            else if (given.kind === 'rate') one.change(set(given.perWeek, { confirm: given.perWeek }), 'olga', now);
            else if (given.kind === 'phase') {
              const { phase, ceiling } = given;
              const changeId = `r-${proposals++}`;
              one.propose({ does: 'set-phase', changeId, phase, ceiling, reason: 'a test' }, 'olga', now);
              one.approve(changeId, 'omar', now);
            } else if (given.kind === 'pause')
              one.change({ does: given.isPaused ? 'pause' : 'resume', reason: 'a test' }, 'olga', now);
            else if (given.kind === 'gate') {
              const outcome = given.isBraked ? 'brake' : 'hold';
              one.apply([{ type: 'GateMoved', data: { ...GateMoved.example, outcome, reasons: [] } }], 'gate', now);
            } else if (given.kind === 'onboarded') {
              for (const { cohortId, people, onboarded } of one.state.cohorts) {
                if (onboarded) continue;
                const times = new Array<number>(Math.min(given.people, people)).fill(now);
                one.apply(closeCohort(one.state, cohortId, onboardedAt(times)), 'onboarding', now);
              }
            } else waiting += given.people;
          } catch (error) {
            if (!(error instanceof GatehouseError)) throw error;
          }
          const before = one.state;
          const [event] = one.apply(admitJoined(before, now, waiting), 'scheduler', now);
          const isStopped = before.paused || before.gate.move?.outcome === 'brake' || before.phase.phase !== 'open';
          if (isStopped) stopped += 1;
          if (event?.type !== 'CohortAdmitted') continue;
          expect(isStopped).toBe(false);
          expect(event.data.size).toBeLessThanOrEqual(waiting);
          waiting -= event.data.size;
          expect(peopleInWindow(one.state, now)).toBeLessThanOrEqual(one.state.perWeek!);
          const { ceiling = Number.POSITIVE_INFINITY } = one.state.phase;
          expect(peopleInTotal(one.state)).toBeLessThanOrEqual(ceiling);
          // Another scheduler that decides on what the first has stored.
          expect(admitJoined(one.state, now, waiting)).toEqual([]);
          admitted += event.data.size;
        }
      }),
      { numRuns: 300, seed: 14 },
    );
    expect(admitted).toBeGreaterThan(10_000);
    expect(stopped).toBeGreaterThan(100);
  });
});
