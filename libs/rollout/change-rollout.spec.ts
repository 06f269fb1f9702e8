import { describe, expect, it } from '@jest/globals';
import { NOW, rate, rateWorld, set } from '../../test/support/rate-world.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { admitCohort, availableCapacity } from './rollout.js';

const code = (value: string, details = {}) =>
  expect.objectContaining({ code: value, details: expect.objectContaining(details) });
const tomorrow = toIso(NOW + DAY_MS);

describe('a change of the rate', () => {
  it('is stored with who, why and the rate before', () => {
    expect(rateWorld(rate(1000)).change(set(1500))).toEqual([
      { type: 'OnboardingRateSet', data: { perWeek: 1500, daily: false, before: 1000, reason: 'a test' } },
    ]);
  });

  it('is a no-op for the rate in force, also without a reason', () => {
    expect(rateWorld(rate(1000)).change({ does: 'set-rate', perWeek: 1000 })).toEqual([]);
  });

  it('is refused without a reason, unless it is the first', () => {
    expect(() => rateWorld(rate(1000)).change({ does: 'set-rate', perWeek: 900 })).toThrow(code('invalid-input'));
    expect(rateWorld().change({ does: 'set-rate', perWeek: 900 })).toHaveLength(1);
  });

  it('is confirmed by its figure if it is a raise by more than the factor', () => {
    expect(() => rateWorld(rate(1000)).change(set(2001))).toThrow(code('confirmation-needed', { confirm: 2001 }));
    expect(() => rateWorld(rate(1000)).change(set(2001, { confirm: 2000 }))).toThrow(code('invalid-input'));
    expect(rateWorld(rate(1000)).change(set(2001, { confirm: 2001 }))).toHaveLength(1);
    expect(rateWorld(rate(1000)).change(set(2000))).toHaveLength(1);
  });

  it('is refused above what one person may set, and not if it lowers the rate', () => {
    expect(() => rateWorld(rate(4000)).change(set(5001))).toThrow(code('approval-needed', { ratePerWeekAlone: 5000 }));
    expect(() => rateWorld().change(set(5001))).toThrow(code('approval-needed'));
    expect(rateWorld(rate(9000)).change(set(6000))).toHaveLength(1);
  });
});

describe('a planned change', () => {
  it('takes effect by the clock, with who decided it', () => {
    const one = rateWorld(rate(1000));
    expect(one.change(set(1500, { effectiveAt: tomorrow }))).toMatchObject([
      { type: 'RolloutChangePlanned', data: { does: 'set-rate', perWeek: 1500, before: 1000, effectiveAt: tomorrow } },
    ]);
    expect(one.tick(NOW + DAY_MS - 1)).toEqual([]);
    expect(one.tick(NOW + DAY_MS)).toMatchObject([
      { type: 'OnboardingRateSet', data: { perWeek: 1500, before: 1000, by: 'olga', changeId: 'n-1' } },
    ]);
    expect(one.tick(NOW + DAY_MS)).toEqual([]);
    expect(one.state.gate.stage).toMatchObject({ cause: 'rate-raised', by: { id: 'olga' }, reason: 'a test' });
  });

  it('is a no-op if it is planned already', () => {
    const one = rateWorld(rate(1000));
    one.change(set(1500, { effectiveAt: tomorrow }));
    expect(one.change(set(1500, { effectiveAt: tomorrow }))).toEqual([]);
  });

  it('is refused for a time that is not ahead, without a reason, and past twenty', () => {
    const one = rateWorld(rate(1000));
    expect(() => one.change(set(1500, { effectiveAt: toIso(NOW) }))).toThrow(code('invalid-input'));
    expect(() => one.change(set(1500, { effectiveAt: tomorrow, reason: undefined }))).toThrow(code('invalid-input'));
    for (let n = 0; n < 20; n++) one.change(set(900 + n, { effectiveAt: tomorrow }));
    expect(() => one.change(set(1500, { effectiveAt: tomorrow }))).toThrow(code('too-many-planned'));
  });

  it('is compared with what is planned before it', () => {
    const one = rateWorld(rate(1000));
    one.change(set(2000, { effectiveAt: tomorrow }));
    expect(one.change(set(4000, { effectiveAt: toIso(NOW + 2 * DAY_MS) }))).toHaveLength(1);
    expect(() => one.change(set(4000, { effectiveAt: toIso(NOW + DAY_MS - 1) }))).toThrow(code('confirmation-needed'));
  });

  it('holds for admissions from its time on if it allows less, also before its event is stored', () => {
    const { state, change } = rateWorld(rate(1000));
    change(set(100, { effectiveAt: tomorrow }));
    expect(availableCapacity(state, NOW).available).toBe(1000);
    const one = rateWorld(rate(1000));
    one.change(set(100, { effectiveAt: tomorrow }));
    one.change({ does: 'pause', reason: 'a holiday', effectiveAt: toIso(NOW + 2 * DAY_MS) });
    expect(availableCapacity(one.state, NOW + DAY_MS - 1).available).toBe(1000);
    expect(availableCapacity(one.state, NOW + DAY_MS).available).toBe(100);
    expect(() => admitCohort(one.state, { cohortId: 'c', now: NOW + 2 * DAY_MS, size: 1 })).toThrow(
      code('onboarding-paused'),
    );
  });

  it('allows more only once its event is stored', () => {
    const one = rateWorld(rate(1000));
    one.change(set(1500, { effectiveAt: tomorrow }));
    expect(availableCapacity(one.state, NOW + DAY_MS).available).toBe(1000);
    one.tick(NOW + DAY_MS);
    expect(availableCapacity(one.state, NOW + DAY_MS).available).toBe(1500);
  });

  it('lapses if the rate was lowered since, so that it would be another raise', () => {
    const one = rateWorld(rate(1000));
    one.change(set(1500, { effectiveAt: tomorrow }));
    one.change(set(100));
    expect(one.tick(NOW + DAY_MS)).toMatchObject([{ type: 'RolloutChangeEnded', data: { how: 'lapsed' } }]);
    expect(one.state.perWeek).toBe(100);
    const other = rateWorld(rate(1000));
    other.change(set(3000, { effectiveAt: tomorrow, confirm: 3000 }));
    other.change(set(900));
    expect(other.tick(NOW + DAY_MS)).toMatchObject([{ data: { how: 'lapsed' } }]);
  });

  it('takes effect before a change that is made after its time', () => {
    const one = rateWorld(rate(1000));
    one.change(set(500, { effectiveAt: tomorrow }));
    expect(one.change(set(800), 'omar', NOW + DAY_MS)).toMatchObject([
      { data: { perWeek: 500, by: 'olga' } },
      { data: { perWeek: 800, before: 500 } },
    ]);
    expect(one.tick(NOW + DAY_MS)).toEqual([]);
  });

  it('is cancelled before its time, once', () => {
    const one = rateWorld(rate(1000));
    one.change(set(500, { effectiveAt: tomorrow }));
    expect(one.cancel('n-1')).toMatchObject([{ type: 'RolloutChangeEnded', data: { how: 'cancelled' } }]);
    expect(one.cancel('n-1')).toEqual([]);
    expect(one.tick(NOW + DAY_MS)).toEqual([]);
  });
});

describe('a proposed change', () => {
  const proposal = { changeId: 'r-1', perWeek: 6000, reason: 'a test' };

  it('takes effect once another person approves it', () => {
    const one = rateWorld(rate(4000));
    expect(one.propose(proposal)).toMatchObject([{ type: 'RolloutChangeProposed', data: { before: 4000 } }]);
    expect(one.propose(proposal)).toEqual([]);
    expect(one.approve('r-1', 'omar')).toEqual([
      { type: 'ApprovalGiven', data: { changeId: 'r-1', proposedBy: 'olga' } },
      {
        type: 'OnboardingRateSet',
        data: {
          ...{ perWeek: 6000, daily: false, before: 4000, changeId: 'r-1', reason: 'a test' },
          ...{ by: 'olga', approvedBy: 'omar' },
        },
      },
    ]);
    expect(one.approve('r-1', 'omar')).toEqual([]);
  });

  it('is planned by the approval if it has a time', () => {
    const one = rateWorld(rate(4000));
    one.propose({ ...proposal, effectiveAt: tomorrow });
    expect(one.approve('r-1', 'omar')).toMatchObject([
      {},
      { type: 'RolloutChangePlanned', data: { approvedBy: 'omar' } },
    ]);
    expect(one.tick(NOW + DAY_MS)).toMatchObject([{ data: { perWeek: 6000, by: 'olga', approvedBy: 'omar' } }]);
  });

  it('is approved by nobody who proposed it, nor under another id, nor after it has expired', () => {
    const one = rateWorld(rate(4000));
    one.propose(proposal);
    expect(() => one.approve('r-1', 'olga')).toThrow(code('same-person'));
    expect(() => one.approve('r-2', 'omar')).toThrow(code('proposal-unknown'));
    expect(() => one.approve('r-1', 'omar', NOW + 7 * DAY_MS)).toThrow(code('proposal-unknown'));
  });

  it('is decided on the state of its approval', () => {
    const one = rateWorld(rate(4000));
    one.propose(proposal);
    one.change(set(1000));
    expect(() => one.approve('r-1', 'omar')).toThrow(code('confirmation-needed', { perWeek: 1000 }));
    expect(() => one.approve('r-1', 'omar')).toThrow('(gatehouse rollout approve r-1 --confirm 6000)');
    expect(one.approve('r-1', 'omar', NOW, 6000)).toHaveLength(2);
  });

  it('keeps its id, whatever became of it', () => {
    const one = rateWorld(rate(4000));
    one.propose(proposal);
    one.decline('r-1', 'omar');
    expect(() => one.propose({ ...proposal, perWeek: 9000, confirm: 9000 })).toThrow(code('change-known'));
  });

  it('is withdrawn by its proposer and refused by others, once', () => {
    const one = rateWorld(rate(4000));
    one.propose(proposal);
    expect(one.decline('r-1', 'olga')).toMatchObject([{ data: { how: 'withdrawn' } }]);
    expect(one.decline('r-1', 'olga')).toEqual([]);
    one.propose({ ...proposal, changeId: 'r-2' });
    expect(one.decline('r-2', 'omar')).toMatchObject([{ data: { how: 'refused' } }]);
    expect(() => one.approve('r-2', 'omar')).toThrow(code('proposal-unknown'));
  });

  it('is refused for times that do not fit', () => {
    const one = rateWorld(rate(4000));
    const until = (days: number) => ({ ...proposal, expiresAt: toIso(NOW + days * DAY_MS) });
    expect(() => one.propose(until(0))).toThrow(code('invalid-input'));
    expect(() => one.propose(until(31))).toThrow(code('invalid-input'));
    expect(() => one.propose({ ...until(2), effectiveAt: tomorrow })).toThrow(code('invalid-input'));
  });
});

describe('a revert', () => {
  it('brings back what there was before, by the rules of any other change', () => {
    const one = rateWorld(rate(6000), {
      type: 'OnboardingRateSet',
      data: { perWeek: 1000, daily: true, before: 6000 },
    });
    expect(() => one.revert(2)).toThrow(code('confirmation-needed', { confirm: 6000 }));
    expect(() => one.revert(2)).toThrow("(gatehouse rollout revert 2 'REASON' --confirm 6000)");
    expect(() => one.revert(2, { confirm: 6000 })).toThrow("(gatehouse rollout revert 2 'REASON' --propose ID)");
    expect(() => one.revert(2, { confirm: 6000 })).toThrow(code('approval-needed'));
    expect(one.revert(2, { confirm: 6000, changeId: 'r-1' })).toMatchObject([{ type: 'RolloutChangeProposed' }]);
    expect(one.approve('r-1', 'omar')).toMatchObject([{}, { data: { perWeek: 6000, daily: false, reverts: 2 } }]);
    expect(one.revert(1)).toMatchObject([{ data: { perWeek: 0, reverts: 1 } }]);
  });

  it('undoes a pause and a resumption, once', () => {
    const one = rateWorld(rate(10), { type: 'OnboardingPaused', data: { reason: 'a test' } });
    expect(one.revert(2)).toMatchObject([{ type: 'OnboardingResumed', data: { reverts: 2 } }]);
    expect(one.revert(2)).toEqual([]);
    expect(one.revert(3)).toMatchObject([{ type: 'OnboardingPaused', data: { reason: 'undone', reverts: 3 } }]);
  });

  it('cancels what is planned and ends what is proposed, and is refused for what is over', () => {
    const one = rateWorld(rate(1000));
    one.change(set(900, { effectiveAt: tomorrow }));
    expect(one.revert(2)).toMatchObject([{ data: { how: 'cancelled' } }]);
    expect(() => one.revert(2)).toThrow(code('not-revertible'));
    expect(() => one.revert(3)).toThrow(code('not-revertible'));
    one.propose({ changeId: 'r-1', perWeek: 1500, reason: 'a test' });
    expect(one.revert(4, {}, 'omar')).toMatchObject([{ data: { how: 'refused' } }]);
    expect(() => one.revert(4)).toThrow(code('not-revertible'));
  });
});

describe('a stop that somebody orders', () => {
  it('by a rate of 0 is not undone by a raise that was planned before', () => {
    const one = rateWorld(rate(1000));
    one.change(set(1500, { effectiveAt: tomorrow }));
    one.change(set(0));
    expect(one.tick(NOW + DAY_MS)).toMatchObject([{ type: 'RolloutChangeEnded', data: { how: 'lapsed' } }]);
    expect(one.state.perWeek).toBe(0);
  });

  it('by a lower rate is not undone by one that was planned to lower it less', () => {
    const one = rateWorld(rate(1000));
    one.change(set(500, { effectiveAt: tomorrow }));
    one.change(set(300));
    expect(one.tick(NOW + DAY_MS)).toMatchObject([{ type: 'RolloutChangeEnded', data: { how: 'lapsed' } }]);
    expect(one.state.perWeek).toBe(300);
  });

  it('by a rate of 0 is confirmed before admissions restart', () => {
    const one = rateWorld(rate(1000));
    one.change(set(0));
    expect(() => one.change(set(100))).toThrow(code('confirmation-needed', { confirm: 100 }));
    expect(one.change(set(100, { confirm: 100 }))).toHaveLength(1);
  });

  it.each([false, true])(
    'by a pause ends what was planned to resume, also if it is paused already: %s',
    (wasPaused) => {
      const one = rateWorld(rate(1000));
      if (wasPaused) one.change({ does: 'pause', reason: 'a holiday' });
      one.change({ does: 'resume', reason: 'it is over', effectiveAt: tomorrow });
      expect(one.change({ does: 'pause', reason: 'harm' })).toMatchObject([
        ...(wasPaused ? [] : [{ type: 'OnboardingPaused' }]),
        { type: 'RolloutChangeEnded', data: { how: 'lapsed', reason: 'harm' } },
      ]);
      one.tick(NOW + DAY_MS);
      expect(one.state.paused).toBe(true);
    },
  );
});
