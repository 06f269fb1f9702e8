import { describe, expect, it } from '@jest/globals';
import { fold } from '../../kernel/decider.js';
import type { Actor } from '../../kernel/envelope.js';
import type { RolloutEvent } from '../events.js';
import { entryStates, rolloutLedger } from './rollout-ledger.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const olga: Actor = { kind: 'user', id: 'olga', role: 'operator' };
const ledger = (...events: RolloutEvent[]) =>
  fold(
    rolloutLedger,
    events.map((event, i) => ({
      ...event,
      position: i + 1,
      metadata: { time: '2022-05-18T09:00:00.000Z', actor: olga },
    })),
  ).entries;
const states = (...events: RolloutEvent[]) => entryStates(ledger(...events), NOW);

const rate = (perWeek: number, changeId?: string): RolloutEvent => ({
  type: 'OnboardingRateSet',
  data: { perWeek, daily: false, ...(changeId !== undefined && { changeId, by: 'omar' }) },
});
const planned: RolloutEvent = {
  type: 'RolloutChangePlanned',
  data: { changeId: 'r-1', does: 'set-rate', perWeek: 20, reason: 'a test', effectiveAt: '2022-05-19T09:00:00.000Z' },
};
const proposed = (expiresAt: string): RolloutEvent => ({
  type: 'RolloutChangeProposed',
  data: { changeId: 'r-1', does: 'set-rate', perWeek: 20, reason: 'a test', expiresAt },
});
const open = proposed('2022-05-19T09:00:00.000Z');
const approved: RolloutEvent = { type: 'ApprovalGiven', data: { changeId: 'r-1', proposedBy: 'omar' } };
const ended = (how: 'cancelled' | 'withdrawn' | 'refused' | 'lapsed'): RolloutEvent => ({
  type: 'RolloutChangeEnded',
  data: { changeId: 'r-1', how, reason: 'a test' },
});
const paused: RolloutEvent = { type: 'OnboardingPaused', data: { reason: 'a test' } };

describe('the history of the rollout', () => {
  it('has what was before and after each change, and no cohorts', () => {
    const closed: RolloutEvent = { type: 'CohortClosed', data: { cohortId: 'c', people: 0 } };
    expect(ledger(rate(10), closed, paused, rate(20))).toMatchObject([
      { position: 1, before: { perWeek: null, paused: false }, after: { perWeek: 10 } },
      { position: 3, before: { perWeek: 10, paused: false }, after: { perWeek: 10, paused: true } },
      { position: 4, before: { perWeek: 10, paused: true }, after: { perWeek: 20, paused: true } },
    ]);
  });

  it('says which rate and which pause are in force', () => {
    expect(states(rate(10), paused, rate(20))).toEqual(['replaced', 'in-force', 'in-force']);
  });

  it('says what became of a planned change', () => {
    expect(states(planned)).toEqual(['planned']);
    expect(states(planned, rate(20, 'r-1'))).toEqual(['took-effect', 'in-force']);
    expect(states(planned, ended('cancelled'))).toEqual(['cancelled', 'recorded']);
    expect(states(planned, ended('lapsed'))).toEqual(['lapsed', 'recorded']);
  });

  it('says what became of a proposed change', () => {
    expect(states(open)).toEqual(['proposed']);
    expect(states(proposed('2022-05-18T09:00:00.000Z'))).toEqual(['expired']);
    expect(states(open, approved, rate(20, 'r-1'))).toEqual(['approved', 'recorded', 'in-force']);
    expect(states(open, approved, planned)).toEqual(['approved', 'recorded', 'planned']);
    expect(states(open, ended('refused'))).toEqual(['refused', 'recorded']);
    expect(states(open, ended('withdrawn'))).toEqual(['withdrawn', 'recorded']);
  });

  it('says of each step what it was about', () => {
    expect(ledger(open, approved).map(({ change }) => change)).toEqual([
      { does: 'set-rate', perWeek: 20 },
      { does: 'set-rate', perWeek: 20 },
    ]);
  });

  it('says which ramp plan is in force, and what became of the others', () => {
    const plan = (planId: string): RolloutEvent => ({
      type: 'RampPlanSet',
      data: { planId, steps: [{ perWeek: 20, afterDays: 7, mode: 'automatic' }], reason: 'a test' },
    });
    const over = (planId: string, how: 'ended' | 'replaced' | 'rate-changed'): RolloutEvent => ({
      type: 'RampPlanEnded',
      data: { planId, how, reason: 'a test' },
    });
    const withdrawn: RolloutEvent = {
      type: 'RampConfirmationWithdrawn',
      data: { planId: 'p-2', perWeek: 20, reason: 'a test' },
    };
    const confirmed: RolloutEvent = { type: 'RampStepConfirmed', data: { planId: 'p-2', perWeek: 20 } };
    expect(states(plan('p-1'), over('p-1', 'replaced'), plan('p-2'), confirmed, withdrawn)).toEqual([
      ...['replaced', 'recorded', 'in-force', 'recorded', 'recorded'],
    ]);
    expect(states(plan('p-1'), over('p-1', 'ended'), plan('p-2'), over('p-2', 'rate-changed'))).toEqual([
      ...['cancelled', 'recorded', 'replaced', 'recorded'],
    ]);
    expect(ledger(plan('p-1'), over('p-1', 'ended'))).toMatchObject([
      { before: { ramp: null }, after: { ramp: { planId: 'p-1' } } },
      { before: { ramp: { planId: 'p-1' } }, after: { ramp: null } },
    ]);
  });
});
