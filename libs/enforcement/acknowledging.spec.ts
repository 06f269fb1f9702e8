import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { recorded } from '../../test/support/fold-view.js';
import { type AccountEvent, type AccountStanding, accountStream } from '../account/index.js';
import { type Withholding, withholdingStream } from '../images/index.js';
import { toIso } from '../kernel/clock.js';
import { fold, foldRecorded } from '../kernel/decider.js';
import { acknowledgeEnforcement, noteOverdue, redeliverEnforcement, waitingTargets } from './acknowledging.js';
import { enforcementStream, replaceOrder } from './enforcement.js';
import type { EnforcementEvent } from './events.js';
import { liftedOf } from './queries/lifted.js';
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
const byHandOrder = { accountId: 'acc-1', enforcementId: 'e-1', categories: [], targets: ['keys'] };
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

  it('names a position once the order was reversed or replaced, since it may be of what was asked before', () => {
    const unclear = { id, target: 'keys' };
    const replaced = { ...ordered, data: { ...order, measure: 'strike' } } as EnforcementEvent;
    for (const events of [
      [ordered, reversed],
      [ordered, reversed, replaced],
    ]) {
      const state = history(...events);
      expect(() => acknowledgeEnforcement(state, unclear, both)).toThrow(code('acknowledgement-without-position'));
      expect(acknowledgeEnforcement(state, { ...unclear, upTo: 3 }, both)).toEqual([acknowledged('keys')]);
      const done = history(...events, acknowledged('keys'));
      expect(acknowledgeEnforcement(done, unclear, both)).toEqual([]);
    }
  });

  it('is asked for again by a reversal, and by what replaces the order', () => {
    const done = [ordered, acknowledged('keys'), acknowledged('sessions')];
    expect(waitingTargets(history(...done), both)).toEqual([]);
    expect(waitingTargets(history(...done, reversed), both)).toEqual(['keys', 'sessions']);
    const replaced = replaceOrder(history(...done), reversal, { ...order, measure: 'strike' });
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

describe('what was lifted', () => {
  const late = AT + 60_000;
  const completed: EnforcementEvent = { type: 'EnforcementCompleted', data: { accountId: 'acc-1', caseId: id } };
  const account = (...events: AccountEvent[]) => fold(accountStream, events);
  const deactivated: AccountEvent = {
    type: 'AccountDeactivated',
    data: { accountId: 'acc-1', caseId: id, reason: 'x', categories: [] },
  };
  const struck: AccountEvent = { type: 'StrikeIssued', data: { accountId: 'acc-1', caseId: id } as never };
  const reinstated: AccountEvent = { type: 'AccountReinstated', data: { accountId: 'acc-1', reason: 'x' } };
  const withheld = fold(withholdingStream, [{ type: 'ImageWithheld', data: { imageId: id, caseId: id } }]);
  const restored = fold(withholdingStream, [{ type: 'ImageRestored', data: { imageId: id, reason: 'x' } }]);
  const lifted = (standing: AccountStanding, image: Withholding, ...events: EnforcementEvent[]) =>
    liftedOf(history(ordered, ...events), id, standing, image, late);

  it('is the measure that denies no longer, though its strike counts, and the image that was restored', () => {
    const lifting = account(deactivated, struck, reinstated);
    expect(lifted(account(deactivated), withheld, completed)).toEqual([]);
    expect(lifted(lifting, withheld, completed)).toEqual(['deactivate']);
    expect(lifted(lifting, restored, completed)).toEqual(['deactivate', 'withhold']);
    expect(lifted(account(deactivated), restored, completed)).toEqual(['withhold']);
  });

  it('is nothing before the order is carried out, nor of a reversal, nor if events of the account can’t be read', () => {
    expect(lifted(accountStream.initial, withholdingStream.initial)).toEqual([]);
    expect(lifted(accountStream.initial, restored, completed, reversed)).toEqual([]);
    const doubtful = accountStream.evolveBroken!(account(reinstated), { position: 7, time: '' });
    expect(lifted(doubtful, withheld, completed)).toEqual([]);
  });

  it('is a suspension by the clock, and a restriction by hand that a later one replaced', () => {
    const until = toIso(late);
    const suspended: AccountEvent = {
      type: 'AccountSuspended',
      data: { accountId: 'acc-1', enforcementId: 'e-1', reason: 'x', until } as never,
    };
    const byHand = history(
      { type: 'EnforcementOrdered', data: { ...byHandOrder, measure: 'suspend', until } },
      { type: 'EnforcementCompleted', data: { accountId: 'acc-1', enforcementId: 'e-1' } },
    );
    const at = (now: number, ...events: AccountEvent[]) => liftedOf(byHand, 'e-1', account(...events), {}, now);
    expect([at(late - 1, suspended), at(late, suspended)]).toEqual([[], ['suspend']]);
    const later = { ...suspended, data: { ...suspended.data, enforcementId: 'e-2' } } as AccountEvent;
    expect(at(late - 1, suspended, later)).toEqual(['suspend']);
  });

  it('ends the asking of targets that carry out nothing else, and the others are asked for the rest', () => {
    const gallery = fold(
      targetsStream,
      registerTarget(both, { name: 'gallery', ...terms, consequences: ['deactivate', 'withhold'] }),
      both,
    );
    const three = { ...order, targets: ['gallery', 'keys', 'sessions'] };
    const state = history({ type: 'EnforcementOrdered', data: three }, completed);
    const ended = { type: 'EnforcementLifted', data: { targets: ['keys', 'sessions'], consequences: ['deactivate'] } };
    // What is stored about the account beyond that was not considered, and takes precedence.
    const lifting = { consequences: ['deactivate' as const], asOf: 41 };
    const rest = { targets: ['gallery'], lifted: ['deactivate'], asOf: '41' };
    expect(noteOverdue(state, gallery, late, lifting)).toMatchObject([
      ended,
      { type: 'EnforcementOverdue', data: rest },
    ]);
    expect(redeliverEnforcement(state, { id, reason: 'r' }, gallery, lifting)).toMatchObject([
      ended,
      { type: 'EnforcementRedelivered', data: rest },
    ]);
    const all = noteOverdue(state, gallery, late, { consequences: ['deactivate', 'withhold'] });
    expect(all).toMatchObject([{ type: 'EnforcementLifted', data: { targets: three.targets } }]);
    const over = history({ type: 'EnforcementOrdered', data: three }, completed, ...all);
    expect(noteOverdue(over, gallery, late * 2, { consequences: ['deactivate', 'withhold'] })).toEqual([]);
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

  it('is noted at the deadline of each target, however long the back-off of another one is', () => {
    const [slow] = registerTarget(both, { name: 'sessions', ...terms, deadlineSeconds: 500 });
    const targets = fold(targetsStream, [slow!], both);
    const events: (EnforcementEvent & { at: number })[] = [{ ...ordered, at: AT }];
    const noted: [number, string[], number][] = [];
    for (let s = 0; s <= 600; s++) {
      for (const event of noteOverdue(history(...events), targets, AT + s * S)) {
        events.push({ ...event, at: AT + s * S });
        const { targets: names, nextAttemptAt } = event.data as { targets: string[]; nextAttemptAt: string };
        noted.push([s, names, (Date.parse(nextAttemptAt) - AT) / S]);
      }
    }
    expect(noted).toEqual([
      [60, ['keys'], 90],
      [90, ['keys'], 150],
      [150, ['keys'], 270],
      [270, ['keys'], 500],
      [500, ['keys', 'sessions'], 980],
    ]);
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
