import { describe, expect, it } from '@jest/globals';
import { recorded } from '../../test/support/fold-view.js';
import { fold, foldRecorded } from '../kernel/decider.js';
import { MAX_TARGETS, type TargetEvent } from './target-events.js';
import { registerTarget, removeTarget, targetChangedAt, targetsFor, targetsStream } from './targets.js';

const terms = { deadlineSeconds: 60, retrySeconds: 30, reason: 'sessions' };
const sessions = { name: 'sessions', consequences: ['suspend' as const, 'deactivate' as const], ...terms };
const given = (...events: TargetEvent[]) => fold(targetsStream, events);
const registered = given(...registerTarget(given(), sessions));

describe('a target', () => {
  it('is registered, and changed if its terms are others', () => {
    expect(registerTarget(given(), sessions)).toEqual([
      { type: 'EnforcementTargetRegistered', data: { ...sessions, consequences: ['deactivate', 'suspend'] } },
    ]);
    expect(registerTarget(registered, { ...sessions, deadlineSeconds: 61 })).toHaveLength(1);
  });

  it('changes nothing with the same terms in any order', () => {
    expect(registerTarget(registered, sessions)).toEqual([]);
    expect(registerTarget(registered, { ...sessions, consequences: ['deactivate', 'suspend', 'suspend'] })).toEqual([]);
  });

  it('is refused if there are too many', () => {
    let full = given();
    for (let n = 0; n < MAX_TARGETS; n++)
      full = fold(targetsStream, registerTarget(full, { ...sessions, name: `t-${n}` }), full);
    expect(() => registerTarget(full, sessions)).toThrow(expect.objectContaining({ code: 'too-many-targets' }));
    expect(registerTarget(full, { ...sessions, name: 't-0', reason: 'other' })).toHaveLength(1);
  });

  it('is removed once, and its change is known afterwards', () => {
    const removed = removeTarget(registered, { name: 'sessions', reason: 'over' });
    expect(removed).toEqual([{ type: 'EnforcementTargetRemoved', data: { name: 'sessions', reason: 'over' } }]);
    expect(removeTarget(fold(targetsStream, removed, registered), { name: 'sessions', reason: 'again' })).toEqual([]);
    const events = [
      recorded(4, 'EnforcementTargetRegistered', sessions),
      recorded(9, removed[0]!.type, removed[0]!.data),
    ];
    expect(targetChangedAt(foldRecorded(targetsStream, events.slice(0, 1)), 'sessions')).toBe(4);
    expect(targetChangedAt(foldRecorded(targetsStream, events), 'sessions')).toBe(9);
    expect(targetChangedAt(given(), 'sessions')).toBe(0);
  });

  it('is not removed if it never was registered', () => {
    expect(() => removeTarget(registered, { name: 'session', reason: 'over' })).toThrow(
      expect.objectContaining({ code: 'target-unknown' }),
    );
  });

  it('is asked about what it carries out', () => {
    const gallery = registerTarget(registered, { ...sessions, name: 'gallery', consequences: ['withhold'] });
    const both = fold(targetsStream, gallery, registered);
    expect(targetsFor(both, { measure: 'deactivate', imageId: 'img-1' })).toEqual(['gallery', 'sessions']);
    expect(targetsFor(both, { measure: 'deactivate' })).toEqual(['sessions']);
    expect(targetsFor(both, { measure: 'strike', imageId: 'img-1' })).toEqual(['gallery']);
    expect(targetsFor(both, { measure: 'restrict' })).toEqual([]);
  });
});
