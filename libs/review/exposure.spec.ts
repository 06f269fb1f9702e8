import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BREAK_GAP_MS, type ContentLevel, currentStretch, isBreakAdvised, type Stretch, viewed } from './exposure.js';

const MINUTE_MS = 60_000;
const SETTINGS = { breakMinutes: 50, breakReveals: 3 };
const after = (...views: [at: number, level: ContentLevel][]) =>
  views.reduce<Stretch | undefined>((stretch, [at, level]) => viewed(stretch, level, at), undefined);

describe('a break', () => {
  it('is advised after so many images in full, not for other levels', () => {
    const full: [number, ContentLevel][] = [1, 2, 3].map((at) => [at, 'full']);
    expect(isBreakAdvised(after(...full), SETTINGS, 4)).toBe(true);
    expect(isBreakAdvised(after(...full.slice(1)), SETTINGS, 4)).toBe(false);
    expect(isBreakAdvised(after(...full.map(([at]): [number, ContentLevel] => [at, 'grey'])), SETTINGS, 4)).toBe(false);
    expect(isBreakAdvised(undefined, SETTINGS, 4)).toBe(false);
  });

  it('is advised after so many minutes without one', () => {
    const minutes = Array.from({ length: 11 }, (_, n): [number, ContentLevel] => [n * 5 * MINUTE_MS, 'grey']);
    expect(isBreakAdvised(after(...minutes), SETTINGS, 50 * MINUTE_MS)).toBe(true);
    expect(isBreakAdvised(after(...minutes), SETTINGS, 50 * MINUTE_MS - 1)).toBe(false);
  });

  it('is taken by looking at nothing for a while', () => {
    const stretch = after([0, 'full'], [1, 'full'], [2, 'full']);
    expect(isBreakAdvised(stretch, SETTINGS, 2 + BREAK_GAP_MS)).toBe(false);
    expect(currentStretch(stretch, 2 + BREAK_GAP_MS)).toBeUndefined();
    expect(viewed(stretch, 'full', 2 + BREAK_GAP_MS)).toEqual({
      since: 2 + BREAK_GAP_MS,
      until: 2 + BREAK_GAP_MS,
      full: 1,
    });
  });

  it('is never advised with limits of 0', () => {
    const stretch = after([0, 'full'], [1, 'full'], [2, 'full']);
    expect(isBreakAdvised(stretch, { breakMinutes: 0, breakReveals: 0 }, BREAK_GAP_MS)).toBe(false);
  });
});

it('counts what was viewed since the last gap, whatever was viewed before', () => {
  const view = fc.tuple(
    fc.nat({ max: 2 * BREAK_GAP_MS }),
    fc.constantFrom<ContentLevel[]>('prompt', 'comments', 'blurred', 'grey', 'full'),
  );
  fc.assert(
    fc.property(fc.array(view, { minLength: 1, maxLength: 30 }), (steps) => {
      let at = 0;
      const views = steps.map(([ms, level]): [number, ContentLevel] => {
        at += ms;
        return [at, level];
      });
      const gap = views.findLastIndex(([time], n) => n > 0 && time - views[n - 1]![0] >= BREAK_GAP_MS);
      const since = views.slice(Math.max(0, gap));
      const full = since.filter(([, level]) => level === 'full').length;
      expect(after(...views)).toEqual({ since: since[0]![0], until: at, full });
    }),
    { seed: 5, numRuns: 300 },
  );
});
