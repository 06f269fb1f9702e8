import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { Changes, pause } from '../../kernel/wait.js';
import type { NextOptions, Page } from '../event-store.js';
import type { LiveSubscription } from './live-subscription.js';
import type { LogScan } from './log-scan.js';

const DEFAULT_PAGE = 1_000;
/** Between the pages of a busy log; then each brings something. */
const BETWEEN_PAGES_MS = 10;
/** A page of fewer events, read after that time, belongs to a calm log. */
const CALM_EVENTS = 16;
/** When more is pushed in that time, pages cost less: an event in them takes a fifth or less of what a pushed one does. */
const BUSY_EVENTS = 250;
const BUSY_WITHIN_MS = 250;
/** A server may show a moment later what it has acknowledged. */
const READS_AFTER_APPEND = 5;

/**
 * The end of the log as its one reader in the process follows it. While much is stored it reads pages, as soon as an append
 * of this process was acknowledged; in a calm log one live subscription pushes the events. Servers do not report that they
 * fall behind with pushing, so once the wait is over the log itself is asked.
 */
export class LogEnd {
  private live: LiveSubscription | undefined;
  /** Up to here it has given what the server pushed. */
  private livePosition: Position = 0;
  private pushed = { since: Number.NEGATIVE_INFINITY, events: 0 };
  private lastPage = { events: 0, atHead: false };
  private appended: Position = 0;
  private emptyReads = 0;
  private askedAt = Number.NEGATIVE_INFINITY;
  private readonly changes = new Changes();

  constructor(
    private readonly scan: Pick<LogScan, 'page'>,
    private readonly open: (after: Position) => LiveSubscription,
  ) {}

  /** An append of this process was acknowledged with the position. */
  noteAppended(position: Position): void {
    if (position <= this.appended) return;
    this.appended = position;
    this.emptyReads = 0;
    this.changes.notify();
  }

  async readNext(after: Position, { limit = DEFAULT_PAGE, waitMs, signal }: NextOptions): Promise<Page> {
    if (this.live && after < this.livePosition) this.close();
    if (!this.live && (await this.isCalm(after, signal)) && !signal.aborted) {
      this.live = this.open(after);
      this.livePosition = after;
    }
    const pushed = this.live ? await this.take(this.live, after, limit, waitMs, signal) : [];
    if (pushed.length > 0) {
      const next = pushed.at(-1)!.position;
      return { events: pushed, next, atHead: false, bytes: next - after };
    }
    if (signal.aborted) {
      this.close();
      return { events: [], next: after, atHead: false };
    }
    const page = await this.scan.page(after, { limit }, this.live?.lookedUpTo);
    this.askedAt = performance.now();
    this.lastPage = { events: page.events.length, atHead: page.atHead };
    this.emptyReads = page.events.length === 0 && this.appended > after ? this.emptyReads + 1 : 0;
    return page.events.length > 0 ? { ...page, bytes: page.next - after } : page;
  }

  close(): void {
    this.live?.close();
    this.live = undefined;
  }

  /** False when there is a page to read behind the position, after a moment at the most. */
  private async isCalm(after: Position, signal: AbortSignal): Promise<boolean> {
    if (!this.lastPage.atHead) return false;
    const isAppended = () => this.appended > after && this.emptyReads < READS_AFTER_APPEND;
    if (this.emptyReads > 0) await pause(BETWEEN_PAGES_MS, signal);
    else await this.changes.until(isAppended, BETWEEN_PAGES_MS, signal);
    return !isAppended() && this.lastPage.events < CALM_EVENTS;
  }

  /**
   * What was pushed behind the position; nothing when the log itself is to be asked.
   * @throws StoreUnavailable when the subscription broke
   */
  private async take(
    live: LiveSubscription,
    after: Position,
    limit: number,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<RecordedEvent[]> {
    let taken: RecordedEvent[];
    try {
      taken = await live.take(limit, waitMs - (performance.now() - this.askedAt), signal);
    } catch (error) {
      this.close();
      throw error;
    }
    this.livePosition = Math.max(this.livePosition, taken.at(-1)?.position ?? 0);
    if (this.isBusyWith(taken.length)) {
      this.close();
      this.lastPage = { events: BUSY_EVENTS, atHead: false };
    }
    return taken.filter(({ position }) => position > after);
  }

  private isBusyWith(events: number): boolean {
    const now = performance.now();
    if (now - this.pushed.since > BUSY_WITHIN_MS) this.pushed = { since: now, events: 0 };
    this.pushed.events += events;
    return this.pushed.events > BUSY_EVENTS;
  }
}
