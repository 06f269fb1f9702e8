import { describe, expect, it } from '@jest/globals';
import { foldView, recorded, replay } from '../../../test/support/fold-view.js';
import { reversedCasesView } from './reversed-cases.js';

const accountId = 'ann';
const event = (position: number, type: string, data = {}) =>
  recorded(position, type, { accountId, reason: 'spec', ...data });
const deactivated = (position: number, caseId: string, type = 'AccountDeactivated') =>
  event(position, type, { caseId, categories: [] });
const reversedAfter = (...events: Parameters<typeof foldView>[1][number][]) =>
  foldView(reversedCasesView, events).rows[accountId]?.reversed;
const lifted = (position: number, cause: string) => event(position, 'CauseLifted', { cause });
const reinstated = (position: number) => event(position, 'AccountReinstated');
/** Events happen one minute apart. */
const untilMinute = (minute: number) => new Date(Date.UTC(2022, 4, 18, 9, minute)).toISOString();

describe('the view of reversed cases', () => {
  it('has the case whose cause was lifted, and not the others of the account', () => {
    const both = [deactivated(1, 'a'), deactivated(2, 'b', 'DeactivationCauseAdded')];
    expect(reversedAfter(...both)).toEqual([]);
    expect(reversedAfter(...both, lifted(3, 'b'))).toEqual(['b']);
    expect(reversedAfter(...both, lifted(3, 'a'))).toEqual(['a']);
    expect(reversedAfter(...both, lifted(3, 'b'), lifted(4, 'a'), reinstated(5))).toEqual(['a', 'b']);
    expect(reversedAfter(...both, reinstated(3))).toEqual(['a', 'b']);
  });

  it('keeps a reversed case while a later decision by hand is in force', () => {
    const byHand = event(3, 'AccountDeactivated', { categories: [] });
    expect(reversedAfter(deactivated(1, 'a'), reinstated(2), byHand)).toEqual(['a']);
    expect(reversedAfter(deactivated(1, 'a'), reinstated(2), deactivated(3, 'a'))).toEqual([]);
  });

  it('has no case of which something is in force: its strike, or what is said again after a reinstatement', () => {
    const strike = event(1, 'StrikeIssued', { caseId: 'a' });
    const rescinded = event(4, 'StrikeRescinded', { caseId: 'a' });
    expect(reversedAfter(strike, deactivated(2, 'a'), reinstated(3))).toEqual([]);
    expect(reversedAfter(strike, deactivated(2, 'a'), reinstated(3), rescinded)).toEqual(['a']);
    const suspended = (position: number) =>
      event(position, 'AccountSuspended', { caseId: 'b', until: untilMinute(59), reason: 'still-in-force' });
    expect(reversedAfter(deactivated(1, 'a'), suspended(2), lifted(3, 'a'), reinstated(4), suspended(5))).toEqual([
      'a',
    ]);
  });

  it('has no case whose suspension had ended by itself', () => {
    const suspended = event(1, 'AccountSuspended', { caseId: 'a', until: untilMinute(5) });
    expect(reversedAfter(suspended, reinstated(3))).toEqual(['a']);
    expect(reversedAfter(suspended, reinstated(6))).toEqual([]);
  });

  it('stays the same when events are replayed', () => {
    const history = [deactivated(1, 'a'), deactivated(2, 'b', 'DeactivationCauseAdded'), lifted(3, 'a'), reinstated(4)];
    const { once, replayed } = replay(reversedCasesView, history);
    expect(replayed).toEqual(once);
  });
});
