import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldView, recorded } from '../../../test/support/fold-view.js';
import { imageReachView, MAX_REACH } from './image-reach.js';

const imageId = 'img-1';
const event = (n: number) => recorded(n, n % 2 ? 'ImageShared' : 'ImageDownloaded', { imageId, accountId: 'acc-1' });
const reach = (events: ReturnType<typeof recorded>[]) => foldView(imageReachView, events).rows[imageId]?.reached_by;

describe('the image-reach view', () => {
  it('counts shares and downloads, each once', () => {
    expect(reach([])).toBeUndefined();
    expect(reach([event(1), event(2), event(1)])).toHaveLength(2);
  });

  it('is the same for any order of delivery and any repeats, and keeps a row small', () => {
    const all = Array.from({ length: MAX_REACH + 5 }, (_, n) => event(n + 1));
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), fc.subarray(all), (events, repeats) => {
        expect(reach([...repeats, ...events])).toEqual(all.slice(0, MAX_REACH).map(({ id }) => id));
      }),
      { numRuns: 100, seed: 20220518 },
    );
  });

  it('has the earliest times of its shares, each once, and none later than it was stored', () => {
    const at = (n: number, minute: number) => ({
      ...event(n),
      metadata: { ...event(n).metadata, time: new Date(Date.UTC(2022, 4, 18, 9, minute)).toISOString() },
    });
    const times = (events: ReturnType<typeof recorded>[]) =>
      foldView(imageReachView, events).rows[imageId]?.shared_at.map((time) => new Date(time).getUTCMinutes());
    expect(times([event(3), event(1), event(2), event(3), at(5, 3)])).toEqual([1, 3]);
    expect(times([at(7, 59)])).toEqual([7]);
  });

  it('returns the same row if nothing changes, so that nothing is written', () => {
    const row = foldView(imageReachView, [event(1)]).rows[imageId];
    expect(imageReachView.evolve(row, event(1), imageId)).toBe(row);
  });
});
