import type pg from 'pg';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { inOrder } from '../kernel/in-order.js';
import { isTransient } from '../kernel/transient.js';
import { pause } from '../kernel/wait.js';
import { type Checkpoint, parkedKeys } from './checkpoints.js';
import type { Consumer } from './consumer.js';
import type { LogTail } from './log-tail.js';
import { OwnedSubscription } from './owned-subscription.js';
import type { Ownership } from './ownership.js';
import { parkEvent, parkedBy, unparkEvent } from './parked-keys.js';

export interface ReactorReport {
  /** Work stopped for a while; it is retried from the checkpoint. */
  error?(error: unknown): void;
  /** A key was parked because of this event. */
  parked?(event: RecordedEvent, error: unknown): void;
}

/** Prefix of the names of reactors' checkpoints. */
export const REACTOR_PREFIX = 'reactor:';
const PAGE = 1_000;
const CONCURRENCY = 32;
const ATTEMPTS = 3;
const BETWEEN_ATTEMPTS_MS = 100;
const RETRY_PARKED_MS = 60_000;
const NEVER = new AbortController().signal;

/**
 * Passes the events of the log to a consumer. While a store is unreachable all of it waits. If an event fails for another
 * reason, its key is parked and retried from that event each minute and at each takeover: once the cause is gone, or a
 * release has fixed it, nothing is missing.
 */
export class Reactor {
  private readonly subscription: OwnedSubscription;
  private parked = new Set<string>();
  private retriedAt = Number.NEGATIVE_INFINITY;
  /** The signal of a run. */
  private stopping = NEVER;

  constructor(
    private readonly pool: pg.Pool,
    private readonly log: LogTail,
    private readonly consumer: Consumer,
    ownership: Ownership,
    private readonly report: ReactorReport = {},
  ) {
    this.subscription = new OwnedSubscription(pool, log, ownership, {
      name: this.name,
      types: consumer.types,
      handle: (events) => this.reactTo(events),
      claimed: (checkpoint, isNew) => this.retryWhenDue(checkpoint, isNew),
      failed: (error) => this.report.error?.(error),
    });
  }

  /** The name of its checkpoint. */
  get name(): string {
    return REACTOR_PREFIX + this.consumer.name;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.stopping = signal;
    await this.subscription.run(signal);
    this.stopping = NEVER;
  }

  /** Works until the log's current head; does nothing if another process owns the consumer. */
  processAll(): Promise<void> {
    return this.subscription.processAll();
  }

  /**
   * The events of one key occupy one place, so that many of them do not delay those of others. After a failure no work is
   * running any more, since the same events are then read again.
   */
  private reactTo(events: readonly RecordedEvent[]): Promise<void> {
    const byKey = new Map<string, RecordedEvent[]>();
    for (const event of events) {
      const key = this.consumer.key(event);
      const list = byKey.get(key);
      if (list) list.push(event);
      else byKey.set(key, [event]);
    }
    return inOrder(
      [...byKey],
      ([key]) => [key],
      CONCURRENCY,
      async ([key, list]) => {
        for (const event of list) if (!this.parked.has(key)) await this.react(event, ATTEMPTS);
      },
    );
  }

  /**
   * Passes an event to the consumer, and parks its key if that fails.
   * @returns true if it succeeded
   * @throws transient errors
   */
  private async react(event: RecordedEvent, attempts: number): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.consumer.react(event);
        return true;
      } catch (error) {
        this.stopping.throwIfAborted();
        if (isTransient(error)) throw error;
        if (attempt < attempts) {
          await pause(BETWEEN_ATTEMPTS_MS, this.stopping);
          continue;
        }
        const key = this.consumer.key(event);
        await parkEvent(this.pool, parkedBy(this.name, key, event, error));
        if (!this.parked.has(key)) this.report.parked?.(event, error);
        this.parked.add(key);
        return false;
      }
    }
  }

  private async retryWhenDue(checkpoint: Checkpoint, isNew: boolean): Promise<void> {
    const isDue = this.parked.size > 0 && performance.now() - this.retriedAt >= RETRY_PARKED_MS;
    if (isNew || isDue) await this.retryParked(checkpoint);
  }

  /** A key is unparked once all its events up to the checkpoint have been processed, never before. */
  private async retryParked(checkpoint: Checkpoint): Promise<void> {
    const waiting = await parkedKeys(this.pool, this.name);
    this.parked = new Set(waiting.map(({ key }) => key));
    for (const { key, position } of waiting) {
      if (!(await this.retry(key, position, checkpoint.position))) continue;
      await unparkEvent(this.pool, key, checkpoint);
      this.parked.delete(key);
    }
    this.retriedAt = performance.now();
  }

  /** Processes the events of a parked key, from the one that failed up to the checkpoint. @returns false if one fails */
  private async retry(key: string, position: Position, end: Position): Promise<boolean> {
    const { types } = this.consumer;
    let page = await this.log.readAll(position, { limit: 1, types, including: true });
    for (;;) {
      for (const event of page.events) {
        if (event.position > end) return true;
        if (this.consumer.key(event) === key && !(await this.react(event, 1))) return false;
      }
      if (page.next >= end || page.atHead) return true;
      page = await this.log.readAll(page.next, { limit: PAGE, types });
    }
  }
}
