import type { ViewRow } from './view.js';

/**
 * The rows of one build that this process wrote or read last, so that the second event of an image needs no read; null for
 * a key without a row. Valid only while this process alone writes the build: it is cleared if another process moved a
 * checkpoint or a write failed. Not an lru-cache: two maps need no bookkeeping for each row, and it must keep every row
 * until that is written.
 */
export class RowCache {
  private young = new Map<string, ViewRow | null>();
  private old: ReadonlyMap<string, ViewRow | null> = new Map();

  /** @param limit approximate maximum of rows; at least half as many of the newest stay */
  constructor(private readonly limit: number) {}

  /** @returns undefined if the key is not cached */
  get(key: string): ViewRow | null | undefined {
    const row = this.young.get(key);
    return row === undefined ? this.old.get(key) : row;
  }

  set(key: string, row: ViewRow | null): void {
    this.young.set(key, row);
  }

  /** Drops rows that were set long ago, never one that was set since the last call. */
  trim(): void {
    if (this.young.size < this.limit / 2) return;
    this.old = this.young;
    this.young = new Map();
  }

  clear(): void {
    this.young = new Map();
    this.old = new Map();
  }
}
