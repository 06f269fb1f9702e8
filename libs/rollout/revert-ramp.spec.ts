import { describe, expect, it } from '@jest/globals';
import { NOW, rate, rateWorld, set, terms } from '../../test/support/rate-world.js';
import { confirmStep } from './change-ramp.js';
import type { RolloutEvent } from './events.js';
import type { RampStep } from './ramp.js';

const code = (value: string) => expect.objectContaining({ code: value });
const step = (perWeek: number): RampStep => ({ perWeek, afterDays: 7, mode: 'confirmed' });
const plan = (planId: string, ...rates: number[]): RolloutEvent => ({
  type: 'RampPlanSet',
  data: { planId, steps: rates.map(step), reason: 'a test' },
});
const ended = (planId: string, how: 'ended' | 'replaced'): RolloutEvent => ({
  type: 'RampPlanEnded',
  data: { planId, how, reason: 'a test' },
});
const confirmed: RolloutEvent = { type: 'RampStepConfirmed', data: { planId: 'p', perWeek: 1500 } };

describe('a revert of a ramp plan', () => {
  it('ends the plan that was set, and refuses one that is in force no longer', () => {
    const one = rateWorld(rate(1000), plan('p', 1500));
    expect(one.revert(2)).toMatchObject([{ type: 'RampPlanEnded', data: { planId: 'p', how: 'ended', reverts: 2 } }]);
    expect(() => one.revert(2)).toThrow(code('not-revertible'));
  });

  it('brings back the steps left of the plan that was replaced', () => {
    const one = rateWorld(rate(1000), plan('p', 1100, 1500), ended('p', 'replaced'), plan('q', 1200));
    expect(() => one.revert(3)).toThrow(code('not-revertible'));
    expect(one.revert(4)).toMatchObject([
      { type: 'RampPlanEnded', data: { planId: 'q', how: 'replaced' } },
      { type: 'RampPlanSet', data: { steps: [step(1100), step(1500)], reverts: 4 } },
    ]);
  });

  it('brings back a plan that was ended, without steps below the present rate; a repeat is a no-op', () => {
    const one = rateWorld(rate(1000), plan('p', 1100, 1500), ended('p', 'ended'));
    one.change(set(1200));
    expect(one.revert(3)).toMatchObject([{ type: 'RampPlanSet', data: { steps: [step(1500)], reverts: 3 } }]);
    expect(one.revert(3)).toEqual([]);
  });

  it('refuses to bring one back beside another, or without a step above the rate', () => {
    const beside = rateWorld(rate(1000), plan('p', 1500), ended('p', 'ended'), plan('q', 1200));
    expect(() => beside.revert(3)).toThrow(code('not-revertible'));
    const passed = rateWorld(rate(1000), plan('p', 1500), ended('p', 'ended'));
    passed.change(set(1500));
    expect(() => passed.revert(3)).toThrow(code('not-revertible'));
  });

  it('withdraws a confirmation and confirms again, while the step was not made', () => {
    const one = rateWorld(rate(1000), plan('p', 1500), confirmed);
    expect(one.revert(3)).toMatchObject([{ type: 'RampConfirmationWithdrawn', data: { planId: 'p', reverts: 3 } }]);
    expect(one.state.ramp?.confirmedBy).toBeUndefined();
    expect(one.revert(3)).toEqual([]);
    expect(one.revert(4, {}, 'omar')).toEqual([confirmed]);
    expect(one.state.ramp?.confirmedBy).toBe('omar');
    expect(confirmStep(one.state, confirmed.data as never, { by: 'ola', now: NOW, terms })).toEqual([]);
    one.change(set(1400));
    expect(() => one.revert(3)).toThrow(code('not-revertible'));
  });

  it('ends the plan with the revert of a step that it made', () => {
    const made: RolloutEvent = {
      type: 'OnboardingRateSet',
      data: { perWeek: 1500, daily: false, ramp: { planId: 'p', step: 0, gate: 1, exposures: 1 } },
    };
    const one = rateWorld(rate(1000), plan('p', 1500, 2000), made);
    expect(one.revert(3)).toMatchObject([
      { type: 'OnboardingRateSet', data: { perWeek: 1000, reverts: 3 } },
      { type: 'RampPlanEnded', data: { planId: 'p', how: 'rate-changed' } },
    ]);
  });
});
