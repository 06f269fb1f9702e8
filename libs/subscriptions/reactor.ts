import type pg from 'pg';
import { BrokenEvent, keyOfBroken } from '../events/stored-events.js';
import { systemClock, toIso } from '../kernel/clock.js';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { storableKey } from '../kernel/text-forms.js';
import { isTransient } from '../kernel/transient.js';
import { pause } from '../kernel/wait.js';
import { Chains } from './chains.js';
import { type Checkpoint, parkedKeys, type ReactorProgress, type Retry, type Work } from './checkpoints.js';
import { type Consumer, concernedAmong, isConcerned } from './consumer.js';
import type { LogTail } from './log-tail.js';
import { type BackgroundWork, OwnedSubscription } from './owned-subscription.js';
import type { Ownership } from './ownership.js';
import { parkEvent, parkedBy, unparkEvent } from './parked-keys.js';

export interface ReactorReport {
  /** An event, or all work, failed for a while and is retried. */
  error?(error: unknown): void;
  /** A key was parked because of this event. */
  parked?(event: RecordedEvent, error: unknown): void;
}

/** Prefix of the names of reactors' checkpoints. */
export const REACTOR_PREFIX = 'reactor:';
const PAGE = 1_000;
const ATTEMPTS = 3;
const BETWEEN_ATTEMPTS_MS = 100;
const RETRY_MS = 500;
const RETRY_PARKED_MS = 60_000;
const NEVER = new AbortController().signal;

/**
 * Passes the events of the log to a consumer, those of one key in order. A transient error delays its key only. If an
 * event fails for another reason, its key is parked and retried from that event each minute and at each takeover: once the
 * cause is gone, or a release has fixed it, nothing is missing.
 */
export class Reactor {
  private readonly subscription: OwnedSubscription;
  /** The position of the event that parked each key. */
  private parked = new Map<string, Position>();
  /** Events that failed and are retried, by position. */
  private readonly failed = new Map<Position, Retry>();
  /** Events that are being processed, in the order in which that began. */
  private readonly active = new Set<{ event: RecordedEvent; sinceMs: number }>();
  private isRetryingParked = false;
  private retriedAt = Number.NEGATIVE_INFINITY;
  /** The signal of a run. */
  private stopping = NEVER;
  private readonly chains: Chains;
  /** Of the events that it reacts to. */
  readonly types: ReadonlySet<string>;
  /** Ends waits when the chains stop. */
  private following: AbortController | undefined;

  constructor(
    private readonly pool: pg.Pool,
    private readonly log: LogTail,
    private readonly consumer: Consumer,
    ownership: Ownership,
    private readonly report: ReactorReport = {},
  ) {
    this.types = new Set(consumer.types);
    this.chains = new Chains(log, {
      types: consumer.types,
      keyOf: (event) => this.keyOf(event),
      concerns: (event) => isConcerned(consumer, event),
      work: (event) => this.work(event),
    });
    this.subscription = new OwnedSubscription(pool, log, ownership, {
      name: this.name,
      types: consumer.types,
      handle: async (events, next) => this.chains.add(events, next, await concernedAmong(consumer, events)),
      background: this.background(),
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

  private background(): BackgroundWork {
    const { chains } = this;
    return {
      progress: () => this.progress(),
      start: (position) => {
        this.following = new AbortController();
        chains.start(position);
      },
      hasRoom: (limitMs) => chains.hasRoom(limitMs),
      finish: () => chains.finish(),
      stop: async () => {
        this.following?.abort();
        await chains.stop();
      },
    };
  }

  private progress(): ReactorProgress {
    const { reached: position, finished, isUnfinished, oldest } = this.chains.progress;
    // Another process may have finished some, if it owned the consumer for a while.
    for (const failed of this.failed.keys()) if (failed <= position) this.failed.delete(failed);
    const [retrying] = [...this.failed.values()].sort((a, b) => a.position - b.position);
    const isWorking = this.isRetryingParked || (isUnfinished && !(oldest && this.failed.has(oldest.position)));
    return { position, finished, retrying, isWorking, workingOn: this.workingOn() };
  }

  private workingOn(): Work | undefined {
    for (const { event, sinceMs } of this.active) {
      const { position, type } = event;
      if (!this.failed.has(position)) return { position, type, key: this.keyOf(event), since: toIso(sinceMs) };
    }
    return undefined;
  }

  private noteFailure({ position, type }: RecordedEvent, key: string): void {
    const { failures, since } = this.failed.get(position) ?? { failures: 0, since: toIso(systemClock.now()) };
    this.failed.set(position, { position, type, key, failures: failures + 1, since });
  }

  /** @throws transient errors of `processAll`, which is not to wait; a run retries */
  private async work(event: RecordedEvent): Promise<void> {
    const ending = this.following!.signal;
    const key = this.keyOf(event);
    while (!this.isParked(event)) {
      try {
        await this.react(event, ATTEMPTS);
        break;
      } catch (error) {
        ending.throwIfAborted();
        this.noteFailure(event, key);
        if (this.stopping === NEVER || !isTransient(error)) throw error;
        this.report.error?.(error);
        await pause(RETRY_MS, ending);
        ending.throwIfAborted();
      }
    }
    this.failed.delete(event.position);
  }

  /**
   * Passes an event to the consumer, and parks its key if that fails.
   * @returns true if it succeeded
   * @throws transient errors
   */
  private async react(event: RecordedEvent, attempts: number): Promise<boolean> {
    const work = { event, sinceMs: systemClock.now() };
    this.active.add(work);
    try {
      return await this.attempt(event, attempts);
    } finally {
      this.active.delete(work);
    }
  }

  private async attempt(event: RecordedEvent, attempts: number): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        if (event.fault !== undefined) throw new BrokenEvent(event.fault);
        await this.consumer.react(event);
        return true;
      } catch (error) {
        this.stopping.throwIfAborted();
        if (isTransient(error)) throw error;
        if (attempt < attempts) {
          await pause(BETWEEN_ATTEMPTS_MS, this.stopping);
          continue;
        }
        await this.park(event, error);
        return false;
      }
    }
  }

  private async park(event: RecordedEvent, error: unknown): Promise<void> {
    const key = this.keyOf(event);
    const before = this.parked.get(key);
    // Before it is stored: a retry that finds it there must not miss it here.
    this.parked.set(key, event.position);
    try {
      await parkEvent(this.pool, parkedBy(this.name, key, event, error));
    } catch (failure) {
      if (before === undefined) this.parked.delete(key);
      else this.parked.set(key, before);
      throw failure;
    }
    if (before === undefined) this.report.parked?.(event, error);
  }

  /**
   * In a run a transient error leaves the key parked, so that it delays no other key.
   * @returns true if it succeeded
   * @throws transient errors of `processAll`
   */
  private async reactOnce(event: RecordedEvent): Promise<boolean> {
    try {
      return await this.react(event, 1);
    } catch (error) {
      if (this.stopping === NEVER || !isTransient(error)) throw error;
      this.report.error?.(error);
      return false;
    }
  }

  private keyOf(event: RecordedEvent): string {
    return event.fault === undefined ? storableKey(this.consumer.key(event)) : keyOfBroken(event);
  }

  /** The key that an earlier release gave an event, if that is another one. */
  private formerKeyOf(event: RecordedEvent): string | undefined {
    const { formerKey } = this.consumer;
    return formerKey === undefined || event.fault !== undefined ? undefined : storableKey(formerKey(event));
  }

  private isOf(key: string, event: RecordedEvent): boolean {
    return this.keyOf(event) === key || this.formerKeyOf(event) === key;
  }

  /** Whether an event waits for an earlier one, of its own key or of one that an earlier release parked under its former key. */
  private isParked(event: RecordedEvent): boolean {
    if (this.parked.has(this.keyOf(event))) return true;
    const former = this.formerKeyOf(event);
    return former !== undefined && this.parked.has(former);
  }

  /** Whether an event of a former key waits for an earlier one of its own key, with which it is retried. */
  private waitsElsewhere(key: string, event: RecordedEvent): boolean {
    const own = this.keyOf(event);
    return own !== key && (this.parked.get(own) ?? Number.POSITIVE_INFINITY) <= event.position;
  }

  private async retryWhenDue(checkpoint: Checkpoint, isNew: boolean): Promise<void> {
    const isDue = this.parked.size > 0 && performance.now() - this.retriedAt >= RETRY_PARKED_MS;
    if (!isNew && !isDue) return;
    this.isRetryingParked = true;
    if (isNew) await this.forgetParked();
    await this.retryParked(checkpoint).finally(() => {
      this.isRetryingParked = false;
    });
  }

  /** Another process may have unparked keys. Work of before the takeover may still park some. */
  private async forgetParked(): Promise<void> {
    this.following?.abort();
    await this.chains.stop();
    this.parked = new Map();
  }

  /** A key is unparked once all its events up to the checkpoint have been processed, never before. */
  private async retryParked(checkpoint: Checkpoint): Promise<void> {
    const waiting = await parkedKeys(this.pool, this.name);
    // Work goes on meanwhile, and may have parked others.
    for (const { key, position } of waiting) this.parked.set(key, position);
    for (const { key } of waiting) {
      // The retry of another key may have parked an earlier event of it.
      const from = this.parked.get(key)!;
      // Its events up to where the log was read were passed over.
      if (!(await this.retry(key, from, Math.max(checkpoint.position, this.chains.readUpTo)))) continue;
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
        if (!this.isOf(key, event) || !isConcerned(this.consumer, event) || this.waitsElsewhere(key, event)) continue;
        if (!(await this.reactOnce(event)) && !this.waitsElsewhere(key, event)) return false;
      }
      if (page.next >= end || page.atHead) return true;
      page = await this.log.readAll(page.next, { limit: PAGE, types });
    }
  }
}
