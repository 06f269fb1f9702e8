import { describe, expect, it } from '@jest/globals';
import { foldView, recorded, replay } from '../../../test/support/fold-view.js';
import { GRACE_MS, MAX_RECORDED } from './disregarded-decisions.js';
import { withheldImageSharesView } from './withheld-image-shares.js';

const imageId = 'img-1';
const START = Date.UTC(2022, 4, 18, 9);
const at = (ms: number) => ({ time: new Date(START + ms).toISOString() });
const image = (position: number, type: string, data = {}, ms = position) =>
  recorded(position, type, { imageId, ...data }, at(ms));
const share = (position: number, ms: number, accountId = 'ann') => image(position, 'ImageShared', { accountId }, ms);

const withheld = image(10, 'ImageWithheld', { caseId: imageId });
const restored = image(20, 'ImageRestored', { reason: 'appeal-granted' });
const late = 10 + GRACE_MS + 1;

const fold = (...events: Parameters<typeof foldView>[1][number][]) => foldView(withheldImageSharesView, events);
const sharesIn = (...events: Parameters<typeof fold>) => fold(...events).rows[imageId]?.shares ?? [];

describe('the view of shares of withheld images', () => {
  it('names service, account and how late, from any account and whatever the image is withheld for', () => {
    const problem = image(10, 'ImageWithheld', { caseId: imageId, cause: 'model-problem', round: 1 });
    for (const first of [withheld, problem])
      expect(sharesIn(share(1, 1), first, share(11, late), share(12, late + 5, 'bob'))).toEqual([
        { id: 'event-000011', service: '/spec', accountId: 'ann', at: START + late, lateMs: GRACE_MS + 1 },
        { id: 'event-000012', service: '/spec', accountId: 'bob', at: START + late + 5, lateMs: GRACE_MS + 6 },
      ]);
  });

  it('gives a service a minute, and records nothing before the withholding or after the image is restored', () => {
    expect(sharesIn(withheld, share(11, late - 1), share(12, 5))).toEqual([]);
    expect(sharesIn(withheld, restored, share(21, late))).toEqual([]);
    const again = image(30, 'ImageWithheld', { caseId: imageId }, late);
    expect(sharesIn(withheld, restored, again, share(31, late + 5))).toEqual([]);
  });

  it('counts from the first of two causes', () => {
    const violation = image(11, 'ImageWithheld', { caseId: imageId }, late);
    expect(sharesIn(withheld, violation, share(12, late))).toMatchObject([{ lateMs: GRACE_MS + 1 }]);
  });

  it('has no row of an image that was never withheld', () => {
    expect(fold(share(1, late)).rows).toEqual({});
  });

  it('records the first shares only, and then writes nothing', () => {
    const many = Array.from({ length: MAX_RECORDED + 5 }, (_, n) => share(n + 11, late + n));
    const { rows, counters } = fold(withheld, ...many);
    expect(rows[imageId]!.shares).toHaveLength(MAX_RECORDED);
    expect(counters).toEqual({
      all: { uses: MAX_RECORDED, images: 1 },
      'reason:image-withheld': { uses: MAX_RECORDED },
      'service:/spec': { uses: MAX_RECORDED },
    });
    expect(withheldImageSharesView.evolve(rows[imageId], share(99, late), imageId)).toBe(rows[imageId]);
  });

  it('records an event once, though it is stored twice, and stays the same when events are replayed', () => {
    const one = share(11, late);
    const history = [withheld, one, { ...one, position: 12 }, restored, share(21, late)];
    expect(sharesIn(...history)).toHaveLength(1);
    const { once, replayed } = replay(withheldImageSharesView, history);
    expect(replayed).toEqual(once);
  });
});
