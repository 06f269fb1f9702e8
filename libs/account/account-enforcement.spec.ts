import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import {
  deactivateAccount,
  imposeMeasures,
  type Measures,
  reinstateAccount,
  restrictAccount,
  suspendAccount,
} from './account-enforcement.js';
import { type AccountStanding, accountStream, consequencesOf, isSuspended } from './account-standing.js';
import { isInForce, restrictionOf } from './consequences.js';
import type { AccountEvent } from './events.js';
import { undoDecision } from './undo-decision.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const LATER = NOW + DAY_MS;
const accountId = 'acc-1';
const review = (caseId: string) => ({ accountId, caseId, imageId: caseId, categories: [] });
const joined: AccountEvent = { type: 'WaitlistJoined', data: { accountId, email: 'ada@example.org' } };
const given = (...events: AccountEvent[]): AccountStanding => fold(accountStream, [joined, ...events]);
const types = (events: AccountEvent[]) => events.map(({ type }) => type);
const code = (expected: string) => expect.objectContaining({ code: expected });
const byHand = { accountId, reason: 'spam', enforcementId: 'e-1' };

describe('what a confirmed review leads to', () => {
  it('is imposed together, what denies first, and once for a case', () => {
    const events = imposeMeasures(
      given(),
      { ...review('img-1'), clause: 'violent' },
      { restrict: { action: 'share', until: LATER }, strike: { until: LATER } },
    );
    expect(events).toEqual([
      {
        type: 'AccountRestricted',
        data: { accountId, action: 'share', until: toIso(LATER), reason: 'review-confirmed', caseId: 'img-1' },
      },
      { type: 'StrikeIssued', data: { accountId, caseId: 'img-1', clause: 'violent', until: toIso(LATER) } },
    ]);
    expect(imposeMeasures(given(...events), review('img-1'), { deactivate: true })).toEqual([]);
  });

  it('adds a cause to a deactivation that is in force, which is published once', () => {
    const first = imposeMeasures(given(), review('img-1'), { deactivate: true });
    const second = imposeMeasures(given(...first), review('img-2'), { deactivate: true });
    expect(types([...first, ...second])).toEqual(['AccountDeactivated', 'DeactivationCauseAdded']);
    expect(types(deactivateAccount(given(...first), { ...byHand, categories: [] }))).toEqual([
      'DeactivationCauseAdded',
    ]);
  });
});

describe('deactivating', () => {
  const elsewhere = (source: string, enforcementId: string) => ({
    type: 'AccountDeactivated' as const,
    data: { accountId, reason: 'fraud', enforcementId, categories: [] },
    metadata: { source },
  });
  const data = { ...byHand, categories: [] };

  it('is a no-op while the same source’s deactivation is in force, and no other’s', () => {
    const state = fold(accountStream, [joined, elsewhere('/fraud', 'e-f')]);
    expect(deactivateAccount(state, data, '/fraud')).toEqual([]);
    expect(types(deactivateAccount(state, data, '/other'))).toEqual(['DeactivationCauseAdded']);
    const both = fold(accountStream, deactivateAccount(state, data), state);
    expect(deactivateAccount(both, { ...data, enforcementId: 'e-2' })).toEqual([]);
    expect(deactivateAccount(both, data, '/fraud')).toEqual([]);
  });

  it('of one source remains in force when that of another is lifted', () => {
    const state = fold(accountStream, [joined, elsewhere('/fraud', 'e-f'), elsewhere('/abuse', 'e-a')]);
    const lifted = reinstateAccount(state, { accountId, reason: 'appeal', cause: 'e-f' }, NOW);
    expect(types(lifted)).toEqual(['CauseLifted']);
    const after = fold(accountStream, lifted, state);
    expect(after.deactivated).toBe(true);
    expect(consequencesOf(after).deactivations).toEqual([{ cause: 'e-a', isManual: true, source: '/abuse' }]);
  });
});

describe('restricting by hand', () => {
  const restrict = (state: AccountStanding, until = LATER) =>
    restrictAccount(state, { ...byHand, action: 'share', until: toIso(until) }, NOW);

  it('denies one action until the given time, which a later call changes', () => {
    const state = given(...restrict(given()));
    expect(restrictionOf(state.consequences, 'share', LATER - 1)).toMatchObject({ cause: 'e-1', until: LATER });
    expect(restrictionOf(state.consequences, 'share', LATER)).toBeUndefined();
    expect(restrictionOf(state.consequences, 'generate', NOW)).toBeUndefined();
    const changed = fold(accountStream, restrict(state, LATER + 1), state);
    expect(changed.consequences?.restrictions).toEqual([
      { cause: 'e-1', isManual: true, action: 'share', until: LATER + 1 },
    ]);
  });

  it('is a no-op for the same end', () => {
    expect(restrict(given(...restrict(given())))).toEqual([]);
  });

  it('refuses a time in the past, an unknown account and a deactivated one', () => {
    expect(() => restrict(given(), NOW)).toThrow(code('suspension-over'));
    expect(() => restrict(accountStream.initial)).toThrow(code('account-unknown'));
    const deactivated = given(...deactivateAccount(given(), { ...byHand, categories: [] }));
    expect(() => restrict(deactivated)).toThrow(code('account-deactivated'));
  });
});

describe('lifting a cause', () => {
  const lift = (state: AccountStanding, cause?: string) =>
    reinstateAccount(state, { accountId, reason: 'appeal-granted', cause }, NOW);
  const imposed = (caseId: string, measures: Measures, before = given()) =>
    fold(accountStream, imposeMeasures(before, review(caseId), measures), before);

  it('leaves the other of two deactivations in force, and its strike is rescinded', () => {
    const state = imposed(
      'img-2',
      { deactivate: true, strike: {} },
      imposed('img-1', { deactivate: true, strike: {} }),
    );
    const events = lift(state, 'img-1');
    expect(types(events)).toEqual(['StrikeRescinded', 'CauseLifted']);
    const after = fold(accountStream, events, state);
    expect(after.deactivated).toBe(true);
    expect(types(lift(after, 'img-2'))).toEqual(['StrikeRescinded', 'CauseLifted', 'AccountReinstated']);
  });

  it('says again what is in force, since readers know the account to be back without anything', () => {
    const state = imposed('img-2', { deactivate: true }, imposed('img-1', { suspend: { until: LATER } }));
    const events = lift(state, 'img-2');
    expect(types(events)).toEqual(['CauseLifted', 'AccountReinstated', 'AccountSuspended']);
    expect(events.at(-1)).toMatchObject({ data: { until: toIso(LATER), caseId: 'img-1' } });
    expect(fold(accountStream, events, state)).toEqual(imposed('img-1', { suspend: { until: LATER } }));
    expect(events[1]).toMatchObject({ data: { cause: 'img-2' } });
  });

  it('never shows the account free of what others deny, at whatever event a reader stops', () => {
    const suspended = imposed('img-1', { suspend: { until: LATER } });
    const state = imposed('img-2', { deactivate: true }, suspended);
    const events = lift(state, 'img-2');
    for (let read = 0; read <= events.length; read++)
      expect(isSuspended(fold(accountStream, events.slice(0, read), state), NOW)).toBe(true);
  });

  it('by hand that a later one replaced keeps it from coming back once an appeal undoes the later', () => {
    const byHand = (enforcementId: string, until: number) => ({
      ...{ accountId, reason: 'spam', enforcementId, until: toIso(until) },
    });
    const onto = (before: AccountStanding, events: AccountEvent[]) => fold(accountStream, events, before);
    const suspended = onto(given(), suspendAccount(given(), byHand('e-1', LATER + 1), NOW));
    const state = onto(suspended, suspendAccount(suspended, byHand('e-2', LATER), NOW));
    const events = lift(state, 'e-1');
    expect(events).toMatchObject([{ type: 'CauseLifted', data: { cause: 'e-1' } }]);
    const after = onto(state, events);
    expect(consequencesOf(after).suspensions).toMatchObject([{ cause: 'e-2', until: LATER }]);
    expect(lift(after, 'e-1')).toEqual([]);
    const undone = undoDecision(after, { accountId, cause: 'e-2', reason: 'appeal-granted' }, NOW);
    expect(consequencesOf(onto(after, undone)).suspensions).toEqual([]);
  });

  it('is a no-op for a cause of nothing that is in force', () => {
    expect(lift(imposed('img-1', { deactivate: true }), 'img-9')).toEqual([]);
    expect(lift(given(), undefined)).toEqual([]);
  });

  it('is in force until it is lifted or has ended', () => {
    const all = consequencesOf(imposed('img-1', { suspend: { until: LATER }, strike: { until: LATER + 1 } }));
    expect([LATER, LATER + 1].map((now) => isInForce(all, 'img-1', now))).toEqual([true, false]);
    const ended = consequencesOf(imposed('img-2', { restrict: { action: 'share', until: LATER } }));
    expect([LATER - 1, LATER].map((now) => isInForce(ended, 'img-2', now))).toEqual([true, false]);
    expect(isInForce(consequencesOf(imposed('img-3', { deactivate: true })), 'img-3', LATER * 2)).toBe(true);
  });

  it('of no name lifts everything but strikes, also a restriction alone', () => {
    const state = imposed('img-1', { restrict: { action: 'share', until: LATER }, strike: {} });
    const events = lift(state);
    expect(types(events)).toEqual(['AccountReinstated']);
    expect(consequencesOf(fold(accountStream, events, state))).toMatchObject({
      restrictions: [],
      strikes: [{ cause: 'img-1' }],
    });
  });

  it('refuses one cause of an account with a broken event, which may be another', () => {
    const doubtful = accountStream.evolveBroken!(imposed('img-1', { deactivate: true }), { position: 7, time: '' });
    expect(() => lift(doubtful, 'img-1')).toThrow(code('account-unreadable'));
    expect(types(lift(doubtful))).toEqual(['AccountReinstated']);
  });
});

describe('an account under any decisions', () => {
  const CASES = ['c-0', 'c-1', 'c-2'];
  const days = fc.integer({ min: 1, max: 4 });
  const measures = fc.constantFrom('deactivate', 'suspend', 'restrict', 'strike');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('confirm' as const), cause: fc.constantFrom(...CASES), measure: measures, days }),
    fc.record({ kind: fc.constant('by-hand' as const), measure: measures, days }),
    fc.record({
      kind: fc.constant('lift' as const),
      cause: fc.option(fc.constantFrom(...CASES, 'hand'), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant('wait' as const), days }),
  );

  /** What is in force, by cause, as somebody would note it on a list. */
  type Note = { cause: string; measure: string; until: number };

  it('is denied what the causes that nobody lifted and that have not ended deny, and readers of its events agree', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let now = NOW;
        let notes: Note[] = [];
        const log: AccountEvent[] = [joined];
        let hands = 0;
        let hand = new Map<string, string>();
        for (const one of steps) {
          const state = fold(accountStream, log);
          const until = one.kind === 'lift' ? 0 : now + one.days * DAY_MS;
          if (one.kind === 'wait') now = until;
          else if (one.kind === 'confirm') {
            const given: Measures = {
              ...(one.measure === 'deactivate' && { deactivate: true }),
              ...(one.measure === 'suspend' && { suspend: { until } }),
              ...(one.measure === 'restrict' && { restrict: { action: 'share', until } }),
              strike: { until },
            };
            const events = imposeMeasures(state, review(one.cause), given);
            if (events.length > 0) {
              notes.push({ cause: one.cause, measure: one.measure, until });
              if (one.measure !== 'strike') notes.push({ cause: one.cause, measure: 'strike', until });
            }
            log.push(...events);
          } else if (one.kind === 'by-hand') {
            if (one.measure === 'strike') continue;
            const enforcementId = `hand-${hands++}`;
            const data = { accountId, reason: 'spam', enforcementId };
            const isDenied = state.deactivated && one.measure !== 'deactivate';
            if (isDenied) continue;
            const events =
              one.measure === 'deactivate'
                ? deactivateAccount(state, { ...data, categories: [] })
                : one.measure === 'suspend'
                  ? suspendAccount(state, { ...data, until: toIso(until) }, now)
                  : restrictAccount(state, { ...data, action: 'share', until: toIso(until) }, now);
            if (events.length > 0) {
              notes = notes.filter(({ cause, measure }) => cause !== hand.get(one.measure) || measure !== one.measure);
              notes.push({ cause: enforcementId, measure: one.measure, until });
              hand = new Map(hand).set(one.measure, enforcementId);
            }
            log.push(...events);
          } else {
            const cause = one.cause === 'hand' ? (hand.get('deactivate') ?? 'none') : one.cause;
            log.push(...reinstateAccount(state, { accountId, reason: 'appeal', cause }, now));
            notes = notes.filter((note) => (cause === undefined ? note.measure === 'strike' : note.cause !== cause));
          }
          const after = fold(accountStream, log);
          const has = (measure: string) =>
            notes.some((note) => note.measure === measure && (measure === 'deactivate' || now < note.until));
          expect(after.deactivated).toBe(has('deactivate'));
          expect(isSuspended(after, now)).toBe(has('suspend'));
          expect(restrictionOf(after.consequences, 'share', now) !== undefined).toBe(has('restrict'));
          expect(
            consequencesOf(after)
              .strikes.filter(({ until: end = now + 1 }) => now < end)
              .map(({ cause }) => cause)
              .sort(),
          ).toEqual(
            notes
              .filter(({ measure, until: end }) => measure === 'strike' && now < end)
              .map(({ cause }) => cause)
              .sort(),
          );
          expect(asReadersKnow(log, now)).toEqual({ deactivated: has('deactivate'), suspended: has('suspend') });
        }
      }),
      { numRuns: 500, seed: 20220518 },
    );
  });

  /** A reader of the published events that knows no causes. */
  function asReadersKnow(log: readonly AccountEvent[], now: number) {
    let deactivated = false;
    let until = 0;
    for (const { type, data } of log) {
      if (type === 'AccountDeactivated') {
        // Published once for each time that the account loses its access.
        expect(deactivated).toBe(false);
        deactivated = true;
      }
      if (type === 'AccountSuspended') until = Date.parse(data.until);
      if (type === 'AccountReinstated') [deactivated, until] = [false, 0];
    }
    return { deactivated, suspended: deactivated ? isSuspended(fold(accountStream, log), now) : now < until };
  }
});
