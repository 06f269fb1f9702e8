import type { Parking } from '../subscriptions/parked-keys.js';
import type { ViewRow } from './view.js';
import { dropZeros, type PageEffect } from './view-build.js';

/** The combined effect of consecutive pages on a build's tables: each row once, in its final state. */
export class MergedEffect {
  private readonly inserts = new Map<string, ViewRow>();
  private readonly updates = new Map<string, ViewRow>();
  private readonly removals = new Set<string>();
  private readonly counters = new Map<string, Record<string, number>>();
  private readonly parked: Parking[] = [];

  /** @param key the column that holds the rows' key */
  constructor(private readonly key: string) {}

  /** Number of rows to write. */
  get rows(): number {
    return this.inserts.size + this.updates.size + this.removals.size;
  }

  /** @param effect of the page after the last one added */
  add(effect: PageEffect): void {
    for (const row of effect.inserts) {
      const key: string = row[this.key];
      // The table still has the removed row.
      if (this.removals.delete(key)) this.updates.set(key, row);
      else this.inserts.set(key, row);
    }
    for (const row of effect.updates) {
      const key: string = row[this.key];
      (this.inserts.has(key) ? this.inserts : this.updates).set(key, row);
    }
    for (const key of effect.removals) {
      if (this.inserts.delete(key)) continue;
      this.updates.delete(key);
      this.removals.add(key);
    }
    for (const [bucket, amounts] of effect.counters) {
      const sums = this.counters.get(bucket);
      if (!sums) this.counters.set(bucket, { ...amounts });
      else for (const column in amounts) sums[column] = (sums[column] ?? 0) + amounts[column]!;
    }
    this.parked.push(...effect.parked);
  }

  effect(): PageEffect {
    dropZeros(this.counters);
    return {
      inserts: [...this.inserts.values()],
      updates: [...this.updates.values()],
      removals: [...this.removals],
      counters: this.counters,
      parked: this.parked,
    };
  }
}
