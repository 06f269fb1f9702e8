import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type LoadCounts, reviewLoad } from './review-load.js';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2022-06-18T09:00:00Z');

/** Fourteen days with ten cases a day of 400 active people among 1,000. */
const counts: LoadCounts = {
  ...{ firstCaseAt: NOW - 30 * DAY_MS, opened: 140, decided: 130, mostDecidedADay: 50, waiting: 3 },
  ...{ people: 1_000, activePeople: 400, deactivationSeconds: 4 },
};
const after = (more: Partial<LoadCounts>, perWeek = 200) => reviewLoad({ ...counts, ...more }, NOW, perWeek);

describe('the cases a day after a raise', () => {
  it('are those of an active person now, times the active people and those who come in', () => {
    expect(after({})).toMatchObject({ casesPerDay: 10, activePeople: 400, people: 1_000, peopleAfter: 1_200 });
    expect(after({}).casesPerDayAfter).toBe(15);
  });

  it('are not known while nobody who is in is active, whatever others do', () => {
    expect(after({ activePeople: 0 }).casesPerDayAfter).toBeNull();
    expect(after({ activePeople: 0, opened: 0 }).casesPerDayAfter).toBeNull();
    expect(after({ people: 0, activePeople: 7 })).toMatchObject({ activePeople: 0, casesPerDayAfter: null });
  });

  it('are those of everybody who is in if an earlier release did not count who is active', () => {
    const { activePeople: _, ...earlier } = counts;
    expect(reviewLoad(earlier, NOW, 200).casesPerDayAfter).toBe(12);
    expect(reviewLoad({ ...earlier, people: 0 }, NOW, 200).casesPerDayAfter).toBe(10);
  });

  it('rise with the cases and the rate, fall with active people, and are never fewer than by the people who are in', () => {
    const given = fc.record({
      opened: fc.nat(100_000),
      people: fc.integer({ min: 1, max: 2_000_000 }),
      activePeople: fc.integer({ min: 1, max: 2_000_000 }),
    });
    const more = fc.nat(100_000);
    fc.assert(
      fc.property(given, more, more, (known, perWeek, extra) => {
        const of = (changed: Partial<LoadCounts>, rate = perWeek) =>
          after({ ...known, ...changed }, rate).casesPerDayAfter!;
        const now = of({});
        expect(Number.isFinite(now)).toBe(true);
        expect(of({ opened: known.opened + extra })).toBeGreaterThanOrEqual(now);
        expect(of({}, perWeek + extra)).toBeGreaterThanOrEqual(now);
        // What is rounded may differ by its last digits.
        const exact = 1 + 1e-12;
        expect(of({ activePeople: known.activePeople + extra })).toBeLessThanOrEqual(now * exact);
        const { casesPerDay, people, peopleAfter } = after(known, perWeek);
        expect(now * exact).toBeGreaterThanOrEqual((casesPerDay * peopleAfter) / people);
      }),
    );
  });
});
