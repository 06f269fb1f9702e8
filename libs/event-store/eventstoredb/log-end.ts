import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { Changes, pause } from '../../kernel/wait.js';
import type { NextOptions, Page } from '../event-store.js';
import type { LiveSubscription } from './live-subscription.js';
import type { LogScan } from './log-scan.js';

const DEFAULT_PAGE = 1_000;
/** Wait between the pages of a busy log, so that each has events. */
const BETWEEN_PAGES_MS = 10;
/** A page with fewer events after that time means a calm log. */
const CALM_EVENTS = 16;
/** If more is pushed in that time, pages are cheaper: an event costs a fifth or less of a pushed one. */
const BUSY_EVENTS = 250;
const BUSY_WITHIN_MS = 250;
/** A server may show an acknowledged event a moment later. */
const READS_AFTER_APPEND = 5;

/**
 * Follows the end of the log for the single reader of the process. In a busy log it reads pages, as soon as an append of
 * this process is acknowledged; in a calm log one live subscription pushes the events. Servers do not report that their
 * pushing falls behind, so once the wait is over the log itself is read.
 */
export class LogEnd {
  private live: LiveSubscription | undefined;
  /** Position up to which pushed events were returned. */
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

  /** Notes the position of an acknowledged append of this process. */
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

  /** False if there is a page to read after the position, after a moment at most. */
  private async isCalm(after: Position, signal: AbortSignal): Promise<boolean> {
    if (!this.lastPage.atHead) return false;
    const isAppended = () => this.appended > after && this.emptyReads < READS_AFTER_APPEND;
    if (this.emptyReads > 0) await pause(BETWEEN_PAGES_MS, signal);
    else await this.changes.until(isAppended, BETWEEN_PAGES_MS, signal);
    return !isAppended() && this.lastPage.events < CALM_EVENTS;
  }

  /**
   * The events pushed after the position; undefined if the log itself must be read.
   * @throws StoreUnavailable if the subscription broke
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
