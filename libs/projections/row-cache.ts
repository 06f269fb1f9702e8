import type { ViewRow } from './view.js';

/**
 * The rows of one build that this process wrote or read last, so that the second event of an image needs no read; null for
 * a key without a row. Valid only while this process alone writes the build: it is cleared if another process moved a
 * checkpoint or a write failed. Not an lru-cache, which can't hold null and can't be trimmed once per page.
 */
export class RowCache {
  private readonly rows = new Map<string, ViewRow | null>();

  constructor(private readonly limit: number) {}

  /** @returns undefined if the key is not cached */
  get(key: string): ViewRow | null | undefined {
    return this.rows.get(key);
  }

  set(key: string, row: ViewRow | null): void {
    this.rows.delete(key);
    this.rows.set(key, row);
  }

  /** Drops the rows set longest ago. */
  trim(): void {
    let surplus = this.rows.size - this.limit;
    if (surplus <= 0) return;
    for (const key of this.rows.keys()) {
      this.rows.delete(key);
      if (--surplus <= 0) return;
    }
  }

  clear(): void {
    this.rows.clear();
  }
}
