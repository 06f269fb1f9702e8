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
import { type AccountStanding, accountStream, consequencesOf } from './account-standing.js';
import { causeOf } from './consequences.js';
import type { AccountEvent } from './events.js';
import { replaceMeasures, undoDecision } from './undo-decision.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const accountId = 'acc-1';
const joined: AccountEvent = { type: 'WaitlistJoined', data: { accountId, email: 'ada@example.org' } };
const given = (...events: AccountEvent[]): AccountStanding => fold(accountStream, [joined, ...events]);
const types = (events: readonly AccountEvent[]) => events.map(({ type }) => type);
const review = (caseId: string) => ({ accountId, caseId, imageId: caseId, categories: [] });
const until = (days: number) => NOW + days * DAY_MS;
const byHand = (enforcementId: string, days: number) => ({
  accountId,
  reason: 'spam',
  enforcementId,
  until: toIso(until(days)),
});
const undo = (state: AccountStanding, cause: string, now = NOW) =>
  undoDecision(state, { accountId, cause, reason: 'appeal-granted' }, now);

/** What is in force or counts, whatever it was replaced by. */
function inForce(state: AccountStanding, now: number) {
  const { deactivations, suspensions, restrictions, strikes } = consequencesOf(state);
  const sorted = (some: readonly object[]) => some.map((one) => JSON.stringify(one)).sort();
  return {
    deactivations: sorted(deactivations.map(({ cause }) => ({ cause }))),
    suspensions: sorted(suspensions.filter((one) => now < one.until).map(({ cause, until }) => ({ cause, until }))),
    restrictions: sorted(
      restrictions.filter((one) => now < one.until).map(({ cause, until, action }) => ({ cause, until, action })),
    ),
    strikes: sorted(strikes),
  };
}

describe('undoing a decision', () => {
  it('lifts what the case denies, its strike too, and nothing else', () => {
    const first = imposeMeasures(given(), review('img-1'), { deactivate: true, strike: {} });
    const second = imposeMeasures(given(...first), review('img-2'), { deactivate: true, strike: {} });
    const undone = undo(given(...first, ...second), 'img-1');
    expect(types(undone)).toEqual(['StrikeRescinded', 'CauseLifted']);
    expect(inForce(given(...first, ...second, ...undone), NOW)).toMatchObject({
      deactivations: ['{"cause":"img-2"}'],
      strikes: ['{"cause":"img-2"}'],
    });
  });

  it('puts the suspension by hand in force again that a later one replaced, without a gap', () => {
    const events = [
      ...suspendAccount(given(), byHand('e-1', 30), NOW),
      ...suspendAccount(given(), byHand('e-2', 7), NOW),
    ];
    const undone = undo(given(...events), 'e-2');
    expect(types(undone)).toEqual(['AccountSuspended', 'CauseLifted']);
    expect(given(...events, ...undone).suspendedUntil).toBe(until(30));
  });

  it('forgets a replaced decision, so that undoing the later one does not bring it back', () => {
    const events = ['e-1', 'e-2'].flatMap((id) =>
      restrictAccount(given(), { ...byHand(id, id === 'e-1' ? 30 : 7), action: 'share' }, NOW),
    );
    const first = undo(given(...events), 'e-1');
    expect(types(first)).toEqual(['CauseLifted']);
    const second = undo(given(...events, ...first), 'e-2');
    expect(given(...events, ...first, ...second).consequences).toBeUndefined();
  });

  it('is a no-op if nothing follows from the decision', () => {
    expect(undo(given(), 'img-1')).toEqual([]);
    const events = imposeMeasures(given(), review('img-1'), { suspend: { until: until(7) } });
    expect(undo(given(...events, ...undo(given(...events), 'img-1')), 'img-1')).toEqual([]);
  });

  it('is refused while an event of the account can’t be read', () => {
    const state = { ...given(...imposeMeasures(given(), review('img-1'), { deactivate: true })), unreadable: 9 };
    expect(() => undo(state, 'img-1')).toThrow(expect.objectContaining({ code: 'account-unreadable' }));
  });
});

describe('replacing the measures of a case', () => {
  const replace = (state: AccountStanding, measures: Measures) =>
    replaceMeasures(state, { ...review('img-1'), clause: 'spam' }, measures, {
      reason: 'appeal-partly-granted',
      now: NOW,
    });
  const deactivated = imposeMeasures(given(), review('img-1'), { deactivate: true, strike: {} });

  it('leaves what the other clause leads to', () => {
    const events = replace(given(...deactivated), { suspend: { until: until(7) }, strike: { until: until(90) } });
    const after = given(...deactivated, ...events);
    expect(inForce(after, NOW)).toEqual({
      ...{ deactivations: [], restrictions: [] },
      suspensions: [JSON.stringify({ cause: 'img-1', until: until(7) })],
      strikes: [JSON.stringify({ cause: 'img-1', until: until(90) })],
    });
  });

  it('never lifts a deactivation that the other clause leads to as well', () => {
    const events = replace(given(...deactivated), { deactivate: true, strike: { until: until(90) } });
    expect(types(events)).toEqual(['StrikeRescinded', 'StrikeIssued']);
    expect(given(...deactivated, ...events).deactivated).toBe(true);
    expect(events.at(-1)).toMatchObject({ data: { clause: 'spam' } });
  });
});

it('leaves exactly the state without that decision, whatever else was decided', () => {
  const days = fc.integer({ min: 1, max: 40 });
  const measures = fc.oneof(
    fc.constant<Measures>({ deactivate: true }),
    days.map((n): Measures => ({ suspend: { until: until(n) }, strike: { until: until(n) } })),
    days.map((n): Measures => ({ restrict: { action: 'share', until: until(n) }, strike: {} })),
  );
  const step = fc.record({
    kind: fc.constantFrom('confirm', 'suspend', 'restrict', 'deactivate', 'reinstate', 'lift', 'undo'),
    measures,
    days,
    hours: fc.integer({ min: 0, max: 400 }),
    about: fc.nat(7),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), fc.nat(19), (steps, chosen) => {
      let now = NOW;
      const events: AccountEvent[] = [joined];
      const causes: string[] = [];
      for (const [n, { kind, measures, days, hours, about }] of steps.entries()) {
        now += hours * 3_600_000;
        const state = fold(accountStream, events);
        const cause = kind === 'confirm' ? `img-${n}` : `e-${n}`;
        const given = { accountId, reason: 'spam', enforcementId: cause, until: toIso(now + days * DAY_MS) };
        const older = causes[about % Math.max(1, causes.length)];
        const decided = decisionOf(kind, state, { given, measures, cause, older, now });
        if (decided.length > 0 && !['reinstate', 'lift', 'undo'].includes(kind)) causes.push(cause);
        events.push(...decided);
      }
      const cause = causes[chosen % Math.max(1, causes.length)] ?? 'none';
      const undone = undo(fold(accountStream, events), cause, now);
      const without = events.filter(
        (event) => !('reason' in event.data || 'caseId' in event.data) || !isOwn(event, cause),
      );
      expect(inForce(fold(accountStream, [...events, ...undone]), now)).toEqual(
        inForce(fold(accountStream, without), now),
      );
    }),
    { seed: 20221201, numRuns: 2_000 },
  );
});

const IMPOSING = [
  'AccountDeactivated',
  'DeactivationCauseAdded',
  'AccountSuspended',
  'AccountRestricted',
  'StrikeIssued',
];
const isOwn = ({ type, data }: AccountEvent, cause: string): boolean =>
  IMPOSING.includes(type) && causeOf(data as { caseId?: string; enforcementId?: string }).cause === cause;

interface Step {
  given: { accountId: string; reason: string; enforcementId: string; until: string };
  measures: Measures;
  cause: string;
  older: string | undefined;
  now: number;
}

/** The events of a step; none if it is refused. */
function decisionOf(
  kind: string,
  state: AccountStanding,
  { given, measures, cause, older, now }: Step,
): AccountEvent[] {
  const { until: _, ...deactivation } = given;
  const { reason } = given;
  try {
    switch (kind) {
      case 'confirm':
        return imposeMeasures(state, review(cause), measures);
      case 'suspend':
        return suspendAccount(state, given, now);
      case 'restrict':
        return restrictAccount(state, { ...given, action: 'share' }, now);
      case 'deactivate':
        return deactivateAccount(state, { ...deactivation, categories: [] });
      case 'reinstate':
        return reinstateAccount(state, { accountId, reason }, now);
      case 'lift':
        return older === undefined ? [] : reinstateAccount(state, { accountId, reason, cause: older }, now);
      default:
        return older === undefined ? [] : undoDecision(state, { accountId, reason, cause: older }, now);
    }
  } catch {
    return [];
  }
}
