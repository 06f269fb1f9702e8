import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { InvalidInput } from '../kernel/errors.js';
import type { LadderEvent } from './events.js';
import { type LadderEntry, ladderAt, ladderStream, outcomeOf, setLadder } from './ladder.js';

const AT = Date.parse('2022-05-18T09:00:00Z');
const others: LadderEntry = {
  strikeDays: 90,
  steps: [
    { strikes: 1, measure: 'strike' },
    { strikes: 2, measure: 'restrict', action: 'share', days: 7 },
    { strikes: 3, measure: 'suspend', days: 30 },
    { strikes: 5, measure: 'deactivate' },
  ],
};
const severe: LadderEntry = { clause: 'severe', steps: [{ strikes: 1, measure: 'deactivate' }] };
const entries = [others, severe];
const reason = 'first violations are often misunderstandings';
const given = (...events: LadderEvent[]) => fold(ladderStream, events);
const set = (more: LadderEntry[]) => setLadder(given(), { entries: more, reason }, new Set());
const faults = (more: LadderEntry[], clauses: string[] = []) => {
  try {
    return setLadder(given(), { entries: more, reason }, new Set(clauses));
  } catch (error) {
    return (error as InvalidInput).errors.map(({ field }) => field);
  }
};

describe('the ladder', () => {
  it('deactivates for every confirmed violation, without a strike, until somebody sets it', () => {
    expect(outcomeOf(ladderAt(given(), 7), 'violent', 3, AT)).toEqual({ measures: { deactivate: true } });
  });

  it('applies the last step whose number of strikes is reached', () => {
    const measures = (before: number) => outcomeOf(entries, 'violent', before, AT).measures;
    const strike = { until: AT + 90 * DAY_MS };
    expect(measures(0)).toEqual({ strike });
    expect(measures(1)).toEqual({ strike, restrict: { action: 'share', until: AT + 7 * DAY_MS } });
    for (const before of [2, 3]) expect(measures(before)).toEqual({ strike, suspend: { until: AT + 30 * DAY_MS } });
    for (const before of [4, 40]) expect(measures(before)).toEqual({ strike, deactivate: true });
  });

  it('uses the entry of the clause, or else the one without', () => {
    expect(outcomeOf(entries, 'severe', 0, AT).measures).toEqual({ strike: {}, deactivate: true });
    expect(outcomeOf(entries, undefined, 0, AT).measures).toEqual({ strike: { until: AT + 90 * DAY_MS } });
  });

  it('is, for a violation, the one in force at the position of its confirmation', () => {
    const at = (position: number, more: LadderEntry[]) => ({
      ...({ type: 'LadderSet', data: { entries: more, reason } } as LadderEvent),
      position,
    });
    const state = given(at(5, [others]), at(9, entries));
    expect(ladderAt(state, 4)).toEqual([]);
    expect(ladderAt(state, 6)).toEqual([others]);
    expect(ladderAt(state, 10)).toEqual(entries);
  });

  it('deactivates again after an event of it that can’t be read, which may have been stricter', () => {
    const broken = ladderStream.evolveBroken!(given(...set(entries)), { position: 7, time: '' });
    expect(ladderAt(broken, 8)).toEqual([]);
  });
});

describe('setting the ladder', () => {
  it('replaces the whole of it, and is a no-op for the same', () => {
    const events = set(entries);
    expect(events).toEqual([{ type: 'LadderSet', data: { entries, reason } }]);
    expect(setLadder(given(...events), { entries, reason: 'again' }, new Set())).toEqual([]);
    expect(setLadder(given(...events), { entries: [others], reason }, new Set())).toHaveLength(1);
  });

  it('refuses entries and steps that can’t be meant, and names each', () => {
    expect(faults([severe])).toEqual(['/entries']);
    expect(faults([others, others])).toEqual(['/entries/1/clause']);
    expect(faults([others, severe], ['violent'])).toEqual(['/entries/1/clause']);
    expect(faults([others, severe], ['severe'])).toHaveLength(1);
    const steps = (...more: LadderEntry['steps']) => faults([{ steps: more }]);
    expect(steps({ strikes: 2, measure: 'strike' })).toEqual(['/entries/0/steps/0/strikes']);
    expect(steps({ strikes: 1, measure: 'strike' }, { strikes: 1, measure: 'deactivate' })).toEqual([
      '/entries/0/steps/1/strikes',
    ]);
    expect(steps({ strikes: 1, measure: 'restrict' })).toEqual([
      '/entries/0/steps/0/action',
      '/entries/0/steps/0/days',
    ]);
    expect(steps({ strikes: 1, measure: 'deactivate', days: 3, action: 'share' })).toHaveLength(2);
  });
});
