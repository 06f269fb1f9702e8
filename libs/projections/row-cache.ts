import type { ViewRow } from './view.js';

/**
 * Rows of one build that this process wrote or read last, so that an image's second event need not read its row again;
 * null for a key that is known to have no row. Right only while this process alone writes the build: it is emptied
 * whenever a checkpoint was moved by another or a write failed. Not an lru-cache: that can't hold null, nor be trimmed once a
 * page.
 */
export class RowCache {
  private readonly rows = new Map<string, ViewRow | null>();

  constructor(private readonly limit: number) {}

  /** undefined: not known here. */
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
