import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MergedEffect } from './merged-effect.js';
import type { ViewRow } from './view.js';
import type { PageEffect } from './view-build.js';

const KEYS = ['a', 'b', 'c', 'd'];

/** What each page wants of the rows: a value, or undefined for no row. */
const pages = fc.array(fc.dictionary(fc.constantFrom(...KEYS), fc.option(fc.nat(5), { nil: undefined })), {
  maxLength: 12,
});

type Table = Map<string, ViewRow>;

/** The effect that leads from a table to what a page wants, as a build folds it. */
function effectOf(table: Table, wanted: Record<string, number | undefined>): PageEffect {
  const effect: PageEffect = { inserts: [], updates: [], removals: [], counters: new Map(), parked: [] };
  for (const [key, value] of Object.entries(wanted)) {
    const before = table.get(key);
    if (value !== undefined) (before ? effect.updates : effect.inserts).push({ key, value });
    else if (before) effect.removals.push(key);
    const amount = (value ?? 0) - (before?.value ?? 0);
    if (amount !== 0) effect.counters.set(key, { sum: amount });
  }
  return effect;
}

/** Fails like a table would: a row is inserted once, and only a row that is there is updated or removed. */
function apply(table: Table, sums: Map<string, number>, { inserts, updates, removals, counters }: PageEffect): void {
  for (const key of removals) expect(table.delete(key)).toBe(true);
  for (const row of inserts) {
    expect(table.has(row.key)).toBe(false);
    table.set(row.key, row);
  }
  for (const row of updates) {
    expect(table.has(row.key)).toBe(true);
    table.set(row.key, row);
  }
  for (const [bucket, { sum = 0 }] of counters) sums.set(bucket, (sums.get(bucket) ?? 0) + sum);
}

it('writes the same rows and counters at once as page by page, each row once', () => {
  fc.assert(
    fc.property(pages, pages, (earlier, later) => {
      const table: Table = new Map();
      const sums = new Map<string, number>();
      for (const wanted of earlier) apply(table, sums, effectOf(table, wanted));

      const merged = new MergedEffect('key');
      const [atOnce, sumsAtOnce] = [new Map(table), new Map(sums)];
      for (const wanted of later) {
        const effect = effectOf(table, wanted);
        merged.add(effect);
        apply(table, sums, effect);
      }
      const effect = merged.effect();
      const written = [...effect.inserts, ...effect.updates].map(({ key }) => key).concat(effect.removals);
      expect(new Set(written).size).toBe(written.length);
      expect(merged.rows).toBe(written.length);
      apply(atOnce, sumsAtOnce, effect);
      expect(atOnce).toEqual(table);
      const kept = (all: Map<string, number>) => [...all].filter(([, sum]) => sum !== 0).sort();
      expect(kept(sumsAtOnce)).toEqual(kept(sums));
    }),
  );
});
