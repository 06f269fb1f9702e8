import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { recorded } from '../../test/support/fold-view.js';
import { toIso } from '../kernel/clock.js';
import { fold, foldRecorded } from '../kernel/decider.js';
import { acknowledgeEnforcement, noteOverdue, redeliverEnforcement, waitingTargets } from './acknowledging.js';
import { enforcementStream, replaceOrder } from './enforcement.js';
import type { EnforcementEvent } from './events.js';
import { registerTarget, type Targets, targetsStream } from './targets.js';

const AT = Date.parse('2022-05-18T09:00:00Z');
const id = 'img-1';
const terms = { consequences: ['deactivate' as const], deadlineSeconds: 60, retrySeconds: 30, reason: 'spec' };
const withTargets = (...names: string[]): Targets =>
  names.reduce(
    (state, name) => fold(targetsStream, registerTarget(state, { name, ...terms }), state),
    targetsStream.initial,
  );
const both = withTargets('keys', 'sessions');
const order = {
  accountId: 'acc-1',
  caseId: id,
  imageId: id,
  measure: 'deactivate' as const,
  categories: [],
  targets: ['keys', 'sessions'],
};
const reversal = { accountId: 'acc-1', caseId: id, reason: 'appeal-granted', appeal: 1, round: 1 };

/** A stream whose events are stored a second apart by default. */
function history(...events: (EnforcementEvent & { at?: number })[]) {
  const stored = events.map(({ type, data, at }, n) =>
    recorded(n + 1, type, data, { time: toIso(at ?? AT + n * 1000) }),
  );
  return foldRecorded(enforcementStream, stored);
}
const ordered: EnforcementEvent = { type: 'EnforcementOrdered', data: order };
const reversed: EnforcementEvent = { type: 'EnforcementReversed', data: reversal };
const acknowledged = (target: string): EnforcementEvent => ({
  type: 'EnforcementAcknowledged',
  data: { accountId: 'acc-1', caseId: id, target },
});
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('an acknowledgement', () => {
  it('is stored for a target that was asked, and once', () => {
    expect(acknowledgeEnforcement(history(ordered), { id, target: 'keys' }, both)).toEqual([acknowledged('keys')]);
    const done = history(ordered, acknowledged('keys'));
    expect(acknowledgeEnforcement(done, { id, target: 'keys' }, both)).toEqual([]);
    expect(waitingTargets(done, both)).toEqual(['sessions']);
  });

  it('changes nothing for a target that was not asked', () => {
    const more = withTargets('keys', 'sessions', 'gallery');
    expect(acknowledgeEnforcement(history(ordered), { id, target: 'gallery' }, more)).toEqual([]);
  });

  it('is refused for unknown targets and enforcements, and from before the order', () => {
    expect(() => acknowledgeEnforcement(history(ordered), { id, target: 'x' }, both)).toThrow(code('target-unknown'));
    expect(() => acknowledgeEnforcement(history(), { id, target: 'keys' }, both)).toThrow(code('enforcement-unknown'));
    const early = { id, target: 'keys', upTo: 0 };
    expect(() => acknowledgeEnforcement(history(ordered), early, both)).toThrow(code('acknowledgement-outdated'));
    expect(acknowledgeEnforcement(history(ordered), { ...early, upTo: 1 }, both)).toHaveLength(1);
  });

  it('is asked for again by a reversal, and by what replaces the order', () => {
    const done = [ordered, acknowledged('keys'), acknowledged('sessions')];
    expect(waitingTargets(history(...done), both)).toEqual([]);
    expect(waitingTargets(history(...done, reversed), both)).toEqual(['keys', 'sessions']);
    const { targets: _, ...other } = { ...order, measure: 'strike' as const };
    const replaced = replaceOrder(history(...done), reversal, other);
    expect(replaced[1]).toMatchObject({ data: { measure: 'strike', targets: order.targets } });
    expect(waitingTargets(history(...done, ...replaced), both)).toEqual(['keys', 'sessions']);
  });
});

describe('a redelivery', () => {
  it('asks the targets that have not acknowledged, and says what', () => {
    const given = { id, reason: 'restored' };
    expect(redeliverEnforcement(history(ordered, acknowledged('keys')), given, both)).toMatchObject([
      { type: 'EnforcementRedelivered', data: { targets: ['sessions'], measure: 'deactivate', isReversal: false } },
    ]);
    expect(redeliverEnforcement(history(ordered, reversed), given, both)).toMatchObject([
      { data: { isReversal: true } },
    ]);
  });

  it('changes nothing once all have, or the others are no targets any more', () => {
    const all = history(ordered, acknowledged('keys'), acknowledged('sessions'));
    expect(redeliverEnforcement(all, { id, reason: 'r' }, both)).toEqual([]);
    expect(
      redeliverEnforcement(history(ordered, acknowledged('keys')), { id, reason: 'r' }, withTargets('keys')),
    ).toEqual([]);
  });

  it('is refused for an unknown enforcement', () => {
    expect(() => redeliverEnforcement(history(), { id, reason: 'r' }, both)).toThrow(code('enforcement-unknown'));
  });
});

describe('an overdue acknowledgement', () => {
  const S = 1000;
  it('is noted after the deadline, and again with back-off, until it comes', () => {
    const state = history(ordered);
    expect(noteOverdue(state, both, AT + 60 * S - 1)).toEqual([]);
    const [first] = noteOverdue(state, both, AT + 60 * S);
    expect(first).toMatchObject({
      type: 'EnforcementOverdue',
      data: { targets: ['keys', 'sessions'], attempt: 1, nextAttemptAt: toIso(AT + 90 * S) },
    });
    const once = history(ordered, { ...first!, at: AT + 60 * S });
    expect(noteOverdue(once, both, AT + 90 * S - 1)).toEqual([]);
    const [second] = noteOverdue(once, both, AT + 90 * S);
    expect(second).toMatchObject({ data: { attempt: 2, nextAttemptAt: toIso(AT + 150 * S) } });
    const come = history(ordered, first!, acknowledged('keys'), acknowledged('sessions'));
    expect(noteOverdue(come, both, AT + 1_000_000 * S)).toEqual([]);
  });

  it('is not noted for targets that are gone, nor for an order without any', () => {
    expect(noteOverdue(history(ordered), targetsStream.initial, AT + 1_000_000 * S)).toEqual([]);
    expect(noteOverdue(history(), both, AT)).toEqual([]);
  });

  it('comes as often as the clock says, however often it is checked and the process restarts', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 60 }), (steps) => {
        const events: (EnforcementEvent & { at: number })[] = [{ ...ordered, at: AT }];
        let now = AT;
        for (const seconds of steps) {
          now += seconds * S;
          for (let checks = 0; checks < 2; checks++)
            events.push(...noteOverdue(history(...events), both, now).map((event) => ({ ...event, at: now })));
        }
        const times = events.slice(1).map(({ at }) => at);
        for (const [n, at] of times.entries()) {
          const earliest = n === 0 ? AT + 60 * S : times[n - 1]! + 30 * S * 2 ** (n - 1);
          expect(at).toBeGreaterThanOrEqual(earliest);
        }
        const { lastAt, attempts } = history(...events).asked!;
        const due = attempts === 0 ? AT + 60 * S : lastAt + 30 * S * 2 ** (attempts - 1);
        expect(now).toBeLessThan(due);
      }),
      { numRuns: 200, seed: 20220518 },
    );
  });
});
