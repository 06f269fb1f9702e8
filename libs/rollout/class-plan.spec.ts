import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOLD_OUT, STAFF } from '../kernel/reserved-classes.js';
import { type ClassPlan, choosable, NO_PLAN, OTHERS, placesOf, shareOut } from './class-plan.js';

const CLASSES = ['artists', 'testers', 'region/eu', 'general', STAFF, HOLD_OUT];

interface Person {
  class: string;
  id: number;
}

const lineOf = (classes: readonly string[]): Person[] => classes.map((one, id) => ({ class: one, id }));
const line = (count: Record<string, number>) =>
  lineOf(Object.entries(count).flatMap(([name, people]) => Array.from({ length: people }, () => name)));
const counts = (chosen: readonly Person[]) =>
  Object.fromEntries(
    CLASSES.map((name) => [name, chosen.filter((one) => one.class === name).length]).filter(([, n]) => n),
  );

const shares = fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }).filter((all) => all.some((share) => share > 0));
const named = fc.uniqueArray(fc.constantFrom('artists', 'testers', 'region/eu', 'general', OTHERS), { maxLength: 4 });
const plan: fc.Arbitrary<ClassPlan> = fc
  .tuple(
    fc.constantFrom('order' as const, 'weights', 'quotas'),
    named,
    fc.array(fc.nat(25), { minLength: 4, maxLength: 4 }),
  )
  .map(([mode, names, all]) => ({
    mode,
    classes: names.map((name, n) => ({ class: name, ...(mode !== 'order' && { share: all[n]! }) })),
  }));
const waiting = fc.array(fc.constantFrom(...CLASSES), { maxLength: 60 }).map(lineOf);

describe('sharing places by weights', () => {
  it('never gives a class a whole place more or less than its exact share, however many places were shared', () => {
    fc.assert(
      fc.property(shares, fc.nat(2000), (weights, places) => {
        const total = weights.reduce((sum, share) => sum + share, 0);
        const given = placesOf(weights, 0, places);
        expect(given.reduce((sum, one) => sum + one, 0)).toBe(places);
        for (const [n, share] of weights.entries()) {
          // In whole numbers: |given - places · share / total| < 1.
          expect(Math.abs(given[n]! * total - places * share)).toBeLessThan(total);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('shares many small cohorts as exactly as a large one', () => {
    fc.assert(
      fc.property(shares, fc.array(fc.nat(9), { maxLength: 40 }), (weights, cohorts) => {
        let from = 0;
        const sums = weights.map(() => 0);
        for (const places of cohorts) {
          placesOf(weights, from, places).forEach((given, n) => {
            expect(given).toBeGreaterThanOrEqual(0);
            sums[n]! += given;
          });
          from += places;
        }
        expect(sums).toEqual(placesOf(weights, 0, from));
      }),
    );
  });
});

describe('choosing people by class', () => {
  it('passes over nobody inside a class, fills every place it can, and chooses the same people again', () => {
    fc.assert(
      fc.property(plan, waiting, fc.nat(70), fc.nat(300), (by, people, places, from) => {
        const chosen = shareOut(by, people, places, from);
        for (const name of CLASSES) {
          const ids = chosen.filter((one) => one.class === name).map(({ id }) => id);
          expect(ids).toEqual(
            people
              .filter((one) => one.class === name)
              .slice(0, ids.length)
              .map(({ id }) => id),
          );
        }
        const closed = by.classes.filter(({ share }) => share === 0).map((one) => one.class);
        const isClosed = ({ class: of }: Person) => {
          if (of === STAFF) return false;
          const isNamed = by.classes.some((one) => one.class === of);
          return of === HOLD_OUT || closed.includes(isNamed ? of : OTHERS);
        };
        expect(chosen.filter(isClosed)).toEqual([]);
        expect(chosen).toHaveLength(Math.min(places, people.filter((one) => !isClosed(one)).length));
        expect(shareOut(by, people, places, from)).toEqual(chosen);
      }),
      { numRuns: 1000 },
    );
  });

  it('may choose somebody exactly if the class is choosable', () => {
    fc.assert(
      fc.property(plan, (by) => {
        const { classes, isAllBut } = choosable(by);
        const inPhase = choosable(by, ['artists', STAFF, HOLD_OUT]);
        for (const name of CLASSES) {
          const isChosen = shareOut(by, line({ [name]: 1 }), 1, 0).length === 1;
          expect([name, classes.includes(name) !== isAllBut]).toEqual([name, isChosen]);
          const isNamed = ['artists', STAFF].includes(name);
          expect([name, inPhase.classes.includes(name) !== inPhase.isAllBut]).toEqual([name, isChosen && isNamed]);
        }
      }),
    );
  });

  it('is in the order of the line without a plan, staff first and hold-outs never', () => {
    const people = lineOf(['general', HOLD_OUT, 'artists', STAFF, 'general']);
    expect(shareOut(NO_PLAN, people, 4, 0).map(({ id }) => id)).toEqual([3, 0, 2, 4]);
  });

  it('chooses everybody of a class before anybody of the next in a strict order', () => {
    const by: ClassPlan = { mode: 'order', classes: [{ class: 'testers' }, { class: 'artists' }] };
    const people = line({ general: 5, artists: 3, testers: 2 });
    expect(counts(shareOut(by, people, 4, 0))).toEqual({ testers: 2, artists: 2 });
    expect(counts(shareOut(by, people, 7, 0))).toEqual({ testers: 2, artists: 3, general: 2 });
  });

  it('shares by weights, and what a class has too few people for goes to the others in proportion', () => {
    const classes = ['testers', 'artists', 'region/eu'].map((name, n) => ({ class: name, share: [3, 2, 1][n]! }));
    const by: ClassPlan = { mode: 'weights', classes };
    const many = { testers: 600, artists: 600, 'region/eu': 600, general: 600 };
    expect(counts(shareOut(by, line(many), 600, 0))).toEqual({ testers: 300, artists: 200, 'region/eu': 100 });
    expect(counts(shareOut(by, line({ ...many, testers: 0 }), 600, 0))).toEqual({ artists: 400, 'region/eu': 200 });
    expect(counts(shareOut(by, line({ testers: 1, general: 9 }), 5, 0))).toEqual({ testers: 1, general: 4 });
  });

  it('gives others the rest of the quotas', () => {
    const by: ClassPlan = { mode: 'quotas', classes: [{ class: 'artists', share: 10 }] };
    expect(counts(shareOut(by, line({ artists: 100, general: 100, testers: 100 }), 100, 0))).toEqual({
      artists: 10,
      general: 90,
    });
  });
});
