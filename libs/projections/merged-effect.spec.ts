import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MergedEffect } from './merged-effect.js';
import type { ViewRow } from './view.js';
import type { PageEffect } from './view-build.js';

const KEYS = ['a', 'b', 'c', 'd'];

/** The rows that each page results in: a value, or undefined for no row. */
const pages = fc.array(fc.dictionary(fc.constantFrom(...KEYS), fc.option(fc.nat(5), { nil: undefined })), {
  maxLength: 12,
});

type Table = Map<string, ViewRow>;

/** The effect that a build would fold: from the table to the rows of a page. */
function effectOf(table: Table, target: Record<string, number | undefined>): PageEffect {
  const effect: PageEffect = { inserts: [], updates: [], removals: [], counters: new Map(), parked: [] };
  for (const [key, value] of Object.entries(target)) {
    const before = table.get(key);
    if (value !== undefined) (before ? effect.updates : effect.inserts).push({ key, value });
    else if (before) effect.removals.push(key);
    const amount = (value ?? 0) - (before?.value ?? 0);
    if (amount !== 0) effect.counters.set(key, { sum: amount });
  }
  return effect;
}

/** Fails like a table: a row is inserted once, and only an existing row is updated or removed. */
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
  for (const [bucket, { sum = 0 }] of counters) {
    sums.set(bucket, (sums.get(bucket) ?? 0) + sum);
    // As addCounters does: only a bucket that was lowered is removed.
    if (sum < 0 && sums.get(bucket) === 0) sums.delete(bucket);
  }
}

it('writes each row once, with the same rows and counters as page by page', () => {
  fc.assert(
    fc.property(pages, pages, (earlier, later) => {
      const table: Table = new Map();
      const sums = new Map<string, number>();
      for (const target of earlier) apply(table, sums, effectOf(table, target));

      const merged = new MergedEffect('key');
      const [atOnce, sumsAtOnce] = [new Map(table), new Map(sums)];
      for (const target of later) {
        const effect = effectOf(table, target);
        merged.add(effect);
        apply(table, sums, effect);
      }
      const effect = merged.effect();
      const written = [...effect.inserts, ...effect.updates].map(({ key }) => key).concat(effect.removals);
      expect(new Set(written).size).toBe(written.length);
      expect(merged.rows).toBe(written.length);
      apply(atOnce, sumsAtOnce, effect);
      expect(atOnce).toEqual(table);
      expect(sumsAtOnce).toEqual(sums);
    }),
  );
});
