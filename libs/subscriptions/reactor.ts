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
import { parkedBy, parkReaction, unparkReaction } from './parked-keys.js';

export interface ReactorReport {
  /** Work stopped for a while; it is retried from the checkpoint. */
  error?(error: unknown): void;
  /** A key is left out for now because of this event. */
  parked?(event: RecordedEvent, error: unknown): void;
}

/** What the names of reactors' checkpoints begin with. */
export const REACTOR_PREFIX = 'reactor:';
const PAGE = 1_000;
const SIDE_BY_SIDE = 32;
const TRIES = 3;
const BETWEEN_TRIES_MS = 100;
const RETRY_PARKED_MS = 60_000;
const NEVER = new AbortController().signal;

/**
 * Gives a consumer its events from the log. Everything waits while a store is away. A key whose event fails for another
 * reason is parked: it is retried from that event each minute and at each takeover, so that a cause that is gone, or that
 * a release has fixed, leaves nothing undone.
 */
export class Reactor {
  private readonly subscription: OwnedSubscription;
  private parked = new Set<string>();
  private retriedAt = Number.NEGATIVE_INFINITY;
  /** Of a run. */
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

  /** Of its checkpoint. */
  get name(): string {
    return REACTOR_PREFIX + this.consumer.name;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.stopping = signal;
    await this.subscription.run(signal);
    this.stopping = NEVER;
  }

  /** Works until the log's present head; does nothing if another process owns the consumer. */
  processAll(): Promise<void> {
    return this.subscription.processAll();
  }

  /** Nothing is still under way when it fails: the same events are read again. */
  private reactTo(events: readonly RecordedEvent[]): Promise<void> {
    const keyOf = (event: RecordedEvent) => [this.consumer.key(event)];
    return inOrder(events, keyOf, SIDE_BY_SIDE, async (event) => {
      if (!this.parked.has(this.consumer.key(event))) await this.react(event, TRIES);
    });
  }

  /**
   * Gives an event to the consumer, and parks its key if that fails.
   * @returns whether it succeeded
   * @throws transient errors
   */
  private async react(event: RecordedEvent, tries: number): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.consumer.react(event);
        return true;
      } catch (error) {
        this.stopping.throwIfAborted();
        if (isTransient(error)) throw error;
        if (attempt < tries) {
          await pause(BETWEEN_TRIES_MS, this.stopping);
          continue;
        }
        const key = this.consumer.key(event);
        await parkReaction(this.pool, parkedBy(this.name, key, event, error));
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

  /** A key's row goes once all its events up to the checkpoint were processed, never before. */
  private async retryParked(checkpoint: Checkpoint): Promise<void> {
    const waiting = await parkedKeys(this.pool, this.name);
    this.parked = new Set(waiting.map(({ key }) => key));
    for (const { key, position } of waiting) {
      if (!(await this.retry(key, position, checkpoint.position))) continue;
      await unparkReaction(this.pool, key, checkpoint);
      this.parked.delete(key);
    }
    this.retriedAt = performance.now();
  }

  /** The events of a parked key, from the one that failed up to the checkpoint, until one fails. */
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
