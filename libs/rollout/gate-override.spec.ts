import { describe, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { InvalidInput } from '../kernel/errors.js';
import { admitDaily, nextDaily } from './admission.js';
import type { RolloutEvent } from './events.js';
import {
  approveOverride,
  endOverride,
  isExpandedSince,
  outcomeInForce,
  proposeOverride,
  stopOf,
} from './gate-override.js';
import { GateMoved } from './move-events.js';
import { admitCohort, type Rollout, rolloutStream } from './rollout.js';

const NOW = Date.parse('2022-06-18T09:00:00Z');
const until = toIso(NOW + DAY_MS);
const proposal = { overrideId: 'o-1', outcome: 'hold' as const, reason: 'others help out', until };

const after = (by: string, ...events: RolloutEvent[]) => applied(rolloutStream.initial, by, ...events);
function applied(from: Rollout, by: string, ...events: readonly RolloutEvent[]): Rollout {
  return events.reduce(
    (state, event, i) =>
      rolloutStream.evolve(state, event, {
        ...{ position: i + 1, time: toIso(NOW), actor: { kind: 'user', id: by }, source: '/spec' },
      }),
    from,
  );
}
const rate: RolloutEvent = { type: 'OnboardingRateSet', data: { perWeek: 700, daily: true } };
const moved = (outcome: 'expand' | 'hold' | 'brake', stage = 1): RolloutEvent => ({
  type: 'GateMoved',
  data: { ...GateMoved.example, outcome, stage, reasons: outcome === 'brake' ? ['backlog-too-long'] : [] },
});

const braked = after('olga', rate, moved('brake'));
const proposed = applied(braked, 'olga', ...proposeOverride(braked.gate, proposal, 'olga', NOW));
const approved = applied(proposed, 'omar', ...approveOverride(proposed.gate, 'o-1', 'omar', NOW));

describe('a brake', () => {
  it('refuses cohorts and stops the schedule until the gate moves otherwise', () => {
    expect(() => admitCohort(braked, { cohortId: 'c-1', now: NOW, size: 1 })).toThrow(
      /the gate has stopped admissions \(backlog-too-long/,
    );
    expect(admitDaily(braked, NOW, 100)).toEqual([]);
    expect(nextDaily(braked, NOW)).toBeUndefined();
    const held = applied(braked, 'gate', moved('hold'));
    expect(admitCohort(held, { cohortId: 'c-1', now: NOW, size: 1 })).toHaveLength(1);
    expect(admitDaily(held, NOW, 100)).toHaveLength(1);
  });

  it('repeats nothing for a cohort that was admitted before', () => {
    const admitted = applied(
      after('olga', rate),
      'olga',
      ...admitCohort(after('olga', rate), { cohortId: 'c-1', now: NOW, size: 1 }),
    );
    expect(admitCohort(applied(admitted, 'gate', moved('brake')), { cohortId: 'c-1', now: NOW, size: 1 })).toEqual([]);
  });

  it('does not come of a hold, nor of a gate that has not moved', () => {
    expect(stopOf(after('olga', rate).gate, NOW)).toBeUndefined();
    expect(stopOf(after('olga', rate, moved('hold')).gate, NOW)).toBeUndefined();
  });
});

describe('an override', () => {
  it('changes nothing until another person approves it', () => {
    expect(outcomeInForce(proposed.gate, NOW)).toBe('brake');
    expect(() => approveOverride(proposed.gate, 'o-1', 'olga', NOW)).toThrow(/another person has to approve/);
    expect(outcomeInForce(approved.gate, NOW)).toBe('hold');
    expect(admitCohort(approved, { cohortId: 'c-1', now: NOW, size: 1 })).toHaveLength(1);
    expect(approved.gate.overrides).toEqual({
      approved: { ...proposal, proposedBy: 'olga', approvedBy: 'omar' },
      known: ['o-1'],
    });
  });

  it('ends by the clock, and by any one operator before', () => {
    expect(outcomeInForce(approved.gate, NOW + DAY_MS - 1)).toBe('hold');
    expect(outcomeInForce(approved.gate, NOW + DAY_MS)).toBe('brake');
    const ended = applied(approved, 'olga', ...endOverride(approved.gate, 'the backlog is gone', NOW));
    expect(outcomeInForce(ended.gate, NOW)).toBe('brake');
    expect(endOverride(ended.gate, 'again', NOW)).toEqual([]);
    expect(endOverride(approved.gate, 'late', NOW + DAY_MS)).toEqual([]);
  });

  it.each([
    ['in the past', toIso(NOW)],
    ['too far away', toIso(NOW + 31 * DAY_MS)],
  ])('is refused with an end %s', (_, end) => {
    expect(() => proposeOverride(braked.gate, { ...proposal, until: end }, 'olga', NOW)).toThrow(InvalidInput);
  });

  it('is not proposed while one is in force, and the same proposal is none', () => {
    expect(() => proposeOverride(approved.gate, { ...proposal, overrideId: 'o-2' }, 'olga', NOW)).toThrow(
      /end it before/,
    );
    expect(proposeOverride(proposed.gate, proposal, 'olga', NOW)).toEqual([]);
    expect(proposeOverride(proposed.gate, proposal, 'omar', NOW)).toHaveLength(1);
    expect(proposeOverride(proposed.gate, { ...proposal, overrideId: 'o-2' }, 'olga', NOW)).toHaveLength(1);
  });

  it('is never another one under the id of an earlier one, which somebody may be about to approve', () => {
    const other = { ...proposal, outcome: 'expand' as const };
    const ended = applied(proposed, 'olga', ...endOverride(proposed.gate, 'a mistake', NOW));
    for (const { gate } of [proposed, ended])
      for (const by of ['olga', 'omar']) expect(() => proposeOverride(gate, other, by, NOW)).toThrow(/another id/);
  });

  it('is not approved unless it waits for that; a second approval changes nothing', () => {
    expect(() => approveOverride(braked.gate, 'o-1', 'omar', NOW)).toThrow(/no override o-1 waits/);
    expect(() => approveOverride(proposed.gate, 'o-2', 'omar', NOW)).toThrow(/no override o-2 waits/);
    expect(() => approveOverride(proposed.gate, 'o-1', 'omar', NOW + DAY_MS)).toThrow(/no override o-1 waits/);
    expect(approveOverride(approved.gate, 'o-1', 'otto', NOW)).toEqual([]);
  });

  it('supports a raise if it says so', () => {
    expect(isExpandedSince(approved.gate, 1, NOW)).toBe(false);
    const { gate } = applied(approved, 'omar', {
      type: 'GateOverrideApproved',
      data: { ...proposal, outcome: 'expand', proposedBy: 'olga' },
    });
    expect(isExpandedSince(gate, 9, NOW)).toBe(true);
    expect(isExpandedSince(gate, 9, NOW + DAY_MS)).toBe(false);
    const expanded = applied(braked, 'gate', moved('expand', 2)).gate;
    expect([1, 2, 3].map((stage) => isExpandedSince(expanded, stage, NOW))).toEqual([true, true, false]);
  });
});
