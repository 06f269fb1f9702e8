import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '../kernel/decider.js';
import { imposeMeasures, reinstateAccount } from './account-enforcement.js';
import { accountHistoryStream, strikesInForce } from './account-history.js';
import { accountStream, consequencesOf } from './account-standing.js';
import type { AccountEvent } from './events.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const DAY_MS = 86_400_000;
const accountId = 'acc-1';
const reason = 'why';
const later = (days: number) => new Date(NOW + days * DAY_MS).toISOString();
const suspended = (caseId: string, days = 1): AccountEvent => ({
  type: 'AccountSuspended',
  data: { accountId, until: later(days), reason, caseId },
});
const deactivated: AccountEvent = {
  type: 'AccountDeactivated',
  data: { accountId, reason, caseId: 'img-1', categories: [] },
};
const strike = (caseId: string, until?: string): AccountEvent => ({
  type: 'StrikeIssued',
  data: { accountId, caseId, ...(until !== undefined && { until }) },
});
const past = (...events: AccountEvent[]) => fold(accountHistoryStream, events as never[]);
const measures = (...events: AccountEvent[]) => past(...events).measures.map(({ kind }) => kind);

describe('the history of an account', () => {
  it('has measures that have ended, each once however often it is said again', () => {
    const again = { ...suspended('img-2'), data: { ...suspended('img-2').data, reason: 'still-in-force' } };
    expect(measures(deactivated, suspended('img-2'), again as AccountEvent)).toEqual(['deactivation', 'suspension']);
    const ended: AccountEvent = { type: 'AccountReinstated', data: { accountId, reason } };
    expect(measures(deactivated, ended)).toEqual(['deactivation']);
  });

  it('takes a decision by hand that changes the end of another for one with it, unless that had ended', () => {
    const byHand = (enforcementId: string, day: number, days: number) => ({
      type: 'AccountSuspended' as const,
      data: { accountId, until: later(days), reason, enforcementId },
      metadata: { time: later(day) },
    });
    const of = (...events: ReturnType<typeof byHand>[]) => fold(accountHistoryStream, events).measures;
    expect(of(byHand('e1', 0, 2), byHand('e2', 1, 5))).toMatchObject([{ cause: 'e2' }]);
    expect(of(byHand('e1', 0, 2), byHand('e2', 3, 5))).toMatchObject([{ cause: 'e1' }, { cause: 'e2' }]);
    const reinstated = {
      type: 'AccountReinstated' as const,
      data: { accountId, reason },
      metadata: { time: later(1) },
    };
    const again = fold(accountHistoryStream, [byHand('e1', 0, 5), reinstated, byHand('e2', 2, 5)]).measures;
    expect(again).toMatchObject([{ cause: 'e1' }, { cause: 'e2' }]);
  });

  it('has nothing that was undone', () => {
    const lifted: AccountEvent = { type: 'CauseLifted', data: { accountId, cause: 'img-1', reason } };
    const back: AccountEvent = { type: 'AccountReinstated', data: { accountId, reason, cause: 'img-1' } };
    const rescinded: AccountEvent = { type: 'StrikeRescinded', data: { accountId, caseId: 'img-1', reason } };
    expect(measures(deactivated, suspended('img-2'), lifted)).toEqual(['suspension']);
    expect(measures(deactivated, back)).toEqual([]);
    expect(past(strike('img-1'), strike('img-2'), rescinded).strikes).toEqual([{ cause: 'img-2' }]);
  });

  it('counts the strikes that have not expired', () => {
    const state = past(strike('img-1', later(1)), strike('img-2'), strike('img-2'));
    expect(strikesInForce(state, NOW)).toBe(2);
    expect(strikesInForce(state, NOW + DAY_MS)).toBe(1);
  });

  it('has the strikes of the account’s standing, and every measure that is in force, whatever was decided', () => {
    const cause = fc.constantFrom('img-1', 'img-2', 'img-3', 'img-4');
    const measure = fc.record({ deactivate: fc.boolean(), suspend: fc.boolean(), restrict: fc.boolean() });
    const act = fc.record({ cause, given: measure, kind: fc.constantFrom('impose', 'impose', 'lift', 'reinstate') });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
        let standing = accountStream.initial;
        const events: AccountEvent[] = [];
        for (const { cause: caseId, given, kind } of acts) {
          const until = NOW + DAY_MS;
          const what = {
            ...(given.deactivate && { deactivate: true as const }),
            ...(given.suspend && { suspend: { until } }),
            ...(given.restrict && { restrict: { action: 'share' as const, until } }),
            strike: { until },
          };
          const review = { accountId, caseId, imageId: caseId, categories: [] };
          const decided =
            kind === 'impose'
              ? imposeMeasures(standing, review, what)
              : reinstateAccount(standing, { accountId, reason, ...(kind === 'lift' && { cause: caseId }) }, NOW);
          events.push(...decided);
          standing = fold(accountStream, decided, standing);
        }
        const { strikes, measures } = past(...events);
        const { suspensions, restrictions, deactivations, ...inForce } = consequencesOf(standing);
        expect(strikes).toEqual(inForce.strikes);
        const has = (kind: string, some: readonly { cause: string }[]) =>
          expect(measures.filter((one) => one.kind === kind).map((one) => one.cause)).toEqual(
            expect.arrayContaining(some.map((one) => one.cause)),
          );
        has('suspension', suspensions);
        has('restriction', restrictions);
        has('deactivation', deactivations);
      }),
      { numRuns: 300, seed: 20220518 },
    );
  });
});
