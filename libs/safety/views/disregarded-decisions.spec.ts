import { describe, expect, it } from '@jest/globals';
import { foldView, recorded, replay } from '../../../test/support/fold-view.js';
import { disregardedDecisionsView, GRACE_MS, MAX_RECORDED } from './disregarded-decisions.js';

const accountId = 'ann';
const START = Date.UTC(2022, 4, 18, 9);
const at = (ms: number) => ({ time: new Date(START + ms).toISOString() });
const account = (position: number, type: string, data = {}, ms = position) =>
  recorded(position, type, { accountId, ...data }, at(ms));
const use = (position: number, ms: number, type = 'ImageGenerated', imageId = `img-${position}`) =>
  recorded(position, type, { accountId, imageId }, at(ms));

const onboarded = [account(1, 'AccountOnboarded', { cohortId: 'c' }), account(2, 'PolicyAccepted', { version: '1' })];
const deactivated = account(10, 'AccountDeactivated', { reason: 'review-confirmed', categories: [] });
const reinstated = account(20, 'AccountReinstated', { reason: 'appeal' });
const late = 10 + GRACE_MS + 1;

const fold = (...events: Parameters<typeof foldView>[1][number][]) => foldView(disregardedDecisionsView, events);
const recordedOf = (...events: Parameters<typeof fold>) => fold(...events).rows[accountId]?.uses ?? [];

describe('the view of disregarded decisions', () => {
  it('names service, image, reason and how late of a use by a deactivated account', () => {
    expect(recordedOf(...onboarded, deactivated, use(11, late, 'ImageShared'))).toEqual([
      {
        id: 'event-000011',
        service: '/spec',
        action: 'share',
        imageId: 'img-11',
        reason: 'account-deactivated',
        at: START + late,
        lateMs: GRACE_MS + 1,
      },
    ]);
  });

  it('gives a service a minute, and records nothing that happened before the decision or after its reversal', () => {
    expect(recordedOf(...onboarded, deactivated, use(11, late - 1), use(12, 5))).toEqual([]);
    expect(recordedOf(...onboarded, deactivated, reinstated, use(21, late))).toEqual([]);
    expect(recordedOf(...onboarded, use(3, late))).toEqual([]);
  });

  it('has what was recorded of a use under an outdated policy, once', () => {
    const data = {
      ...{
        inForce: '2',
        accepted: '1',
        useId: 'event-000011',
        service: '/spec',
        action: 'generate',
        imageId: 'img-11',
      },
      ...{ at: at(late).time, outdatedSince: at(10).time },
    };
    const outdated = account(12, 'PolicyDisregarded', data);
    const repeated = account(13, 'PolicyDisregarded', data);
    const { rows, counters } = fold(...onboarded, use(11, late), outdated, repeated);
    expect(rows[accountId]!.uses).toEqual([
      {
        ...{ id: 'event-000011', service: '/spec', action: 'generate', imageId: 'img-11', reason: 'policy-outdated' },
        ...{ at: START + late, lateMs: late - 10 },
      },
    ]);
    expect(counters['reason:policy-outdated']).toEqual({ uses: 1 });
  });

  it('counts from the first of two deactivations', () => {
    const again = account(12, 'AccountDeactivated', { reason: 'operator-decision', categories: [] }, late);
    expect(recordedOf(...onboarded, deactivated, again, use(13, late))).toMatchObject([{ lateMs: GRACE_MS + 1 }]);
  });

  it('records a use while the account is suspended, until the suspension ends', () => {
    const until = new Date(START + 3 * GRACE_MS).toISOString();
    const suspended = account(10, 'AccountSuspended', { until, reason: 'strike' });
    const during = { reason: 'account-suspended', lateMs: GRACE_MS + 1 };
    expect(recordedOf(...onboarded, suspended, use(11, late), use(12, 3 * GRACE_MS))).toMatchObject([during]);
  });

  it('counts from the first of suspensions that follow on one another, however their end changes', () => {
    const until = (ms: number) => new Date(START + ms).toISOString();
    const suspended = (position: number, end: number, ms: number, reason = 'strike') =>
      account(position, 'AccountSuspended', { until: until(end), reason }, ms);
    const first = suspended(10, 5 * GRACE_MS, 10);
    const during = [{ reason: 'account-suspended', lateMs: GRACE_MS + 1 }];
    expect(recordedOf(...onboarded, first, suspended(11, 9 * GRACE_MS, late - 5), use(12, late))).toMatchObject(during);
    // Of two causes one is lifted; the other is in force as before.
    const lifted = account(11, 'CauseLifted', { cause: 'x', reason: 'appeal' }, late - 5);
    const back = account(12, 'AccountReinstated', { reason: 'appeal' }, late - 5);
    const again = suspended(13, 5 * GRACE_MS, late - 5, 'still-in-force');
    expect(recordedOf(...onboarded, first, lifted, back, again, use(14, late))).toMatchObject(during);
    expect(recordedOf(...onboarded, first, back, use(14, late))).toEqual([]);
    // One that begins after the end of the one before is another.
    const next = suspended(11, 20 * GRACE_MS, 6 * GRACE_MS);
    expect(recordedOf(...onboarded, first, next, use(12, 6 * GRACE_MS + 5))).toEqual([]);
  });

  it('records a use of the restricted action only, until the restriction ends', () => {
    const until = new Date(START + 3 * GRACE_MS).toISOString();
    const restricted = account(10, 'AccountRestricted', { until, reason: 'spam', action: 'share' });
    const uses = [use(11, late), use(12, late, 'ImageShared'), use(13, 3 * GRACE_MS, 'ImageShared')];
    expect(recordedOf(...onboarded, restricted, ...uses)).toMatchObject([
      { imageId: 'img-12', reason: 'share-restricted', lateMs: GRACE_MS + 1 },
    ]);
    const other = account(10, 'AccountRestricted', { until, reason: 'spam', action: 'generate' });
    expect(recordedOf(...onboarded, other, ...uses)).toMatchObject([
      { imageId: 'img-11', reason: 'generate-restricted' },
    ]);
  });

  it('records uses of accounts that were never onboarded, or never accepted a policy', () => {
    expect(recordedOf(use(1, 0))).toMatchObject([{ reason: 'not-onboarded', lateMs: null }]);
    expect(recordedOf(account(1, 'WaitlistJoined'), use(2, 0))).toMatchObject([{ reason: 'not-onboarded' }]);
    expect(recordedOf(onboarded[0]!, use(2, 0))).toMatchObject([{ reason: 'policy-not-accepted', lateMs: null }]);
    expect(recordedOf(use(1, 0), ...onboarded.map((one) => ({ ...one, position: one.position + 1 })))).toHaveLength(1);
  });

  it('records the first uses of an account only, and then writes nothing', () => {
    const many = Array.from({ length: MAX_RECORDED + 5 }, (_, n) => use(n + 11, late + n));
    const { rows, counters } = fold(...onboarded, deactivated, ...many);
    expect(rows[accountId]!.uses).toHaveLength(MAX_RECORDED);
    expect(counters).toEqual({
      all: { uses: MAX_RECORDED, accounts: 1 },
      'reason:account-deactivated': { uses: MAX_RECORDED },
      'service:/spec': { uses: MAX_RECORDED },
    });
    const row = rows[accountId];
    expect(disregardedDecisionsView.evolve(row, use(99, late), accountId)).toBe(row);
  });

  it('records one use of an account that never had access, and writes nothing for one that has', () => {
    const { rows } = fold(use(1, 0), use(2, 1));
    expect(rows[accountId]!.uses).toHaveLength(1);
    expect(disregardedDecisionsView.evolve(rows[accountId], use(99, 99), accountId)).toBe(rows[accountId]);
    const allowed = fold(...onboarded).rows[accountId];
    expect(disregardedDecisionsView.evolve(allowed, use(99, 99), accountId)).toBe(allowed);
  });

  it('records an event once, though it is stored twice', () => {
    const once = use(11, late);
    expect(recordedOf(...onboarded, deactivated, once, { ...once, position: 12 })).toHaveLength(1);
  });

  it('stays the same when events are replayed', () => {
    const history = [...onboarded, use(3, 5), deactivated, use(11, late), reinstated, use(21, late)];
    const { once, replayed } = replay(disregardedDecisionsView, history);
    expect(replayed).toEqual(once);
  });
});
