import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { WINDOW_BYTES, WINDOW_EVENTS } from '../../kernel/fact-limits.js';

const MAX_WAITING = 8;

/**
 * The newest part of the log as this process appended it, so that followers in the same process need not read and parse
 * it again. Holds one contiguous run of positions; whatever does not join it (another process appended in between) is
 * left to the database.
 */
export class TailCache {
  private chunks: { events: readonly RecordedEvent[]; bytes: number }[] = [];
  private waiting: { events: readonly RecordedEvent[]; bytes: number }[] = [];
  private count = 0;
  private bytes = 0;

  /** Position of the newest event held; 0 when empty. */
  get end(): Position {
    return this.chunks.at(-1)?.events.at(-1)?.position ?? 0;
  }

  /**
   * @param events committed, of consecutive positions
   * @param bytes about how much memory they take
   */
  offer(events: readonly RecordedEvent[], bytes: number): void {
    if (events.length === 0) return;
    this.waiting.push({ events, bytes });
    this.waiting.sort((a, b) => a.events[0]!.position - b.events[0]!.position);
    // Answers of appends in flight together can come in either order; more than a few waiting means a foreign writer.
    if (this.waiting.length > MAX_WAITING) this.clear();
    while (this.waiting.length > 0 && (this.count === 0 || this.waiting[0]!.events[0]!.position <= this.end + 1)) {
      const next = this.waiting.shift()!;
      if (this.count > 0 && next.events[0]!.position !== this.end + 1) continue;
      this.chunks.push(next);
      this.count += next.events.length;
      this.bytes += next.bytes;
    }
    while (this.chunks.length > 1 && (this.count > WINDOW_EVENTS || this.bytes > WINDOW_BYTES)) {
      const oldest = this.chunks.shift()!;
      this.count -= oldest.events.length;
      this.bytes -= oldest.bytes;
    }
  }

  /** Events after a position, or undefined when the cache can't tell. */
  after(position: Position, limit: number): readonly RecordedEvent[] | undefined {
    const first = this.chunks[0]?.events[0]?.position;
    if (first === undefined || position < first - 1 || position >= this.end) return undefined;
    const found: RecordedEvent[] = [];
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.chunks[middle]!.events.at(-1)!.position <= position) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.chunks.length && found.length < limit; i++) {
      const { events } = this.chunks[i]!;
      const skip = Math.max(0, position - events[0]!.position + 1);
      for (let j = skip; j < events.length && found.length < limit; j++) found.push(events[j]!);
    }
    return found;
  }

  private clear(): void {
    this.chunks = [];
    this.count = 0;
    this.bytes = 0;
  }
}
