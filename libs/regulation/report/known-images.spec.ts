import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IdNumbers } from './id-numbers.js';
import { KnownImages, type OpenFlag, RESTRICTIONS } from './known-images.js';

describe('the numbers of ids', () => {
  it('are 0 to n - 1 in the order in which they come, and stay', () => {
    const numbers = new IdNumbers();
    const ids = Array.from({ length: 50_000 }, (_, n) => `img-${n}`);
    for (let time = 0; time < 2; time++) expect(ids.map((id) => numbers.of(id))).toEqual(ids.map((_, n) => n));
    expect(numbers.of('')).toBe(50_000);
  });
});

describe('what is known of images', () => {
  const id = fc.integer({ min: 0, max: 2_500 }).map((n) => `img-${n}`);
  const clause = fc.option(fc.constantFrom('violent', 'spam', 'hate'), { nil: undefined });
  const flags = fc.record({ users: fc.boolean(), detectors: fc.boolean() });
  const change = fc.record({ flags, clause, isTrusted: fc.boolean(), isHuman: fc.boolean() }, { requiredKeys: [] });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('change' as const), id, change }),
    fc.record({ kind: fc.constant('order' as const), id, restriction: fc.constantFrom(...RESTRICTIONS) }),
    fc.record({ kind: fc.constant('notice' as const), id, set: fc.integer({ min: 0, max: 31 }) }),
    fc.record({ kind: fc.constant('flag' as const), id, at: fc.nat(), flagKind: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ kind: fc.constant('answer' as const), id }),
  );

  it('is what maps of objects have, whatever is said of which', () => {
    const unknown = { flags: { users: false, detectors: false }, clause: undefined, isTrusted: false, isHuman: true };
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5_000, size: 'max' }), (steps) => {
        const known = new KnownImages();
        const cases = new Map<string, object>();
        const restrictions = new Map<string, string>();
        const noticed = new Set<string>();
        const open = new Map<string, OpenFlag[]>();
        for (const one of steps) {
          if (one.kind === 'change') {
            known.change(one.id, () => one.change);
            cases.set(one.id, { ...(cases.get(one.id) ?? unknown), ...one.change });
          } else if (one.kind === 'order') {
            known.order(one.id, one.restriction);
            restrictions.set(one.id, one.restriction);
          } else if (one.kind === 'notice') {
            expect(known.notice(one.id, one.set)).toBe(!noticed.has(`${one.id} ${one.set}`));
            noticed.add(`${one.id} ${one.set}`);
          } else if (one.kind === 'flag') {
            const flag = { at: one.at, kind: one.flagKind };
            known.flag(one.id, flag);
            open.set(one.id, [...(open.get(one.id) ?? []), flag]);
          } else {
            expect(known.answer(one.id)).toEqual(open.get(one.id) ?? []);
            open.delete(one.id);
          }
          expect(known.caseOf(one.id)).toEqual(cases.get(one.id) ?? unknown);
          expect(known.restrictionOf(one.id)).toBe(restrictions.get(one.id));
        }
        for (const [image, flagged] of open) expect(known.answer(image)).toEqual(flagged);
      }),
      { seed: 128, numRuns: 8 },
    );
  });
});
