import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type EvidenceViews,
  evidenceViews,
  type Image,
  NOW,
  period,
  SINCE,
} from '../../../test/support/evidence-views.js';
import { DAY_MS } from '../../kernel/clock.js';

let views: EvidenceViews;
beforeAll(async () => {
  views = await evidenceViews();
});
afterAll(() => views.close());
beforeEach(() => views.empty());

const D = period.labelDelayMs;
const followed = NOW - 3 * D;
const violation = (position: number, more: Partial<Image> = {}): Image => ({
  ...{ imageId: `i-${position}`, position, storedAt: followed, isFlagged: true, status: 'confirmed' },
  ...more,
});
const lateIn = async (of = period) => {
  const { violations, late } = (await views.read(of)).late;
  return { violations, late };
};

describe('labels that come late', () => {
  it('are those that were stored when the delay was over, by the first flag or a later round', async () => {
    await views.images(
      violation(101, { labelledAt: followed + D }),
      violation(102, { labelledAt: followed + D + 1 }),
      violation(103, { labelledAt: followed - 1, roundAt: followed + D }),
      violation(104, { labelledAt: followed, roundAt: followed + D + 1 }),
      violation(105, { isFlagged: false, labelledAt: followed + D + 1 }),
    );
    expect(await lateIn()).toEqual({ violations: 5, late: 3 });
  });

  it('are counted of what is confirmed, of exposures that were followed for three times the delay', async () => {
    await views.images(
      violation(101),
      violation(102, { storedAt: followed + 1, labelledAt: NOW }),
      violation(103, { status: 'open', labelledAt: NOW }),
      violation(104, { status: 'dismissed', labelledAt: NOW }),
      violation(SINCE, { labelledAt: NOW }),
    );
    expect(await lateIn()).toEqual({ violations: 1, late: 0 });
    expect(await lateIn({ ...period, labelsSince: SINCE - 1 })).toEqual({ violations: 2, late: 1 });
  });

  it('are counted by the delay of now, also if it was changed in mid-stage, and of none for at least three days', async () => {
    const days = (n: number) => NOW - n * DAY_MS;
    await views.images(
      violation(101, { storedAt: days(4), labelledAt: days(3) }),
      violation(102, { storedAt: days(2), labelledAt: days(1) }),
    );
    expect(await lateIn()).toEqual({ violations: 0, late: 0 });
    expect(await lateIn({ ...period, labelDelayMs: DAY_MS })).toEqual({ violations: 1, late: 0 });
    expect(await lateIn({ ...period, labelDelayMs: 0 })).toEqual({ violations: 1, late: 1 });
  });

  it('are none in a view that lacks the exposure, whatever it has of the labels', async () => {
    await views.images(violation(101, { labelledAt: NOW }), violation(300, { labelledAt: NOW }));
    await views.reach(200);
    expect(await lateIn()).toEqual({ violations: 1, late: 1 });
    await views.reach(1_000_000);
  });

  it('are those that an image by image count finds', async () => {
    const days = fc.integer({ min: 0, max: 40 });
    const image = fc.record({
      ...{ exposed: days, labelled: days, round: fc.option(days), isFlagged: fc.boolean() },
      status: fc.constantFrom('none', 'open', 'confirmed', 'confirmed', 'dismissed', 'model_problem'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(image, { maxLength: 20 }), fc.nat(11), fc.nat(20), async (images, delay, since) => {
        await views.empty();
        const ago = (n: number) => NOW - n * DAY_MS;
        await views.images(
          ...images.map(({ exposed, labelled, round, isFlagged, status }, i) => ({
            ...{ imageId: `i-${i}`, position: SINCE + 1 + i, storedAt: ago(exposed), isFlagged, status },
            ...{ labelledAt: ago(labelled), ...(round !== null && { roundAt: ago(round) }) },
          })),
        );
        const counted = images.filter(
          ({ exposed, status }, i) => i >= since && status === 'confirmed' && exposed >= 3 * Math.max(1, delay),
        );
        const late = counted.filter(
          ({ exposed, labelled, round }) => exposed - Math.min(labelled, round ?? 40) > delay,
        );
        const of = { ...period, labelsSince: SINCE + since, labelDelayMs: delay * DAY_MS };
        expect(await lateIn(of)).toEqual({ violations: counted.length, late: late.length });
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});
