import type pg from 'pg';
import type { EventStore } from '../event-store/event-store.js';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { isTransient } from '../kernel/transient.js';
import { pause } from '../kernel/wait.js';
import { type Checkpoint, moveCheckpoints, parkedKeys, takeOver } from './checkpoints.js';
import type { Consumer } from './consumer.js';
import type { Ownership } from './ownership.js';
import { parkedBy, parkReaction, unparkReaction } from './parked-keys.js';

export interface ReactorReport {
  trouble?(error: unknown): void;
  /** A key is left out for now because of this event. */
  parked?(event: RecordedEvent, error: unknown): void;
}

/** Of the names that reactions' checkpoints go by. */
export const REACTOR_PREFIX = 'reactor:';
const PAGE = 1_000;
const SIDE_BY_SIDE = 32;
const TRIES = 3;
const BETWEEN_TRIES_MS = 100;
const RETRY_MS = 500;
const RETRY_PARKED_MS = 60_000;
/** Pages without an event for the reaction are most of them; passing them need not cost a commit each. */
const EMPTY_MOVE_MS = 200;
const NEVER = new AbortController().signal;

/**
 * Follows the log for one reaction and keeps its own checkpoint. One process at a time holds its seat; after a crash the
 * events since the checkpoint are given to the reaction again. While a store is away everything waits. A key whose event
 * fails for another reason is parked: it is taken up where it failed each minute and at each takeover, so that a cause
 * that is gone, or mended by a release, leaves nothing undone.
 */
export class Reactor {
  private checkpoint: Checkpoint | undefined;
  private held: AbortSignal | undefined;
  private parked = new Set<string>();
  private retriedAt = Number.NEGATIVE_INFINITY;
  private movedAt = Number.NEGATIVE_INFINITY;
  /** Of a run. */
  private stopping = NEVER;

  constructor(
    private readonly pool: pg.Pool,
    private readonly store: EventStore,
    private readonly reaction: Consumer,
    private readonly seats: Ownership,
    private readonly report: ReactorReport = {},
  ) {}

  get follower(): string {
    return REACTOR_PREFIX + this.reaction.name;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.stopping = signal;
    this.seats.enter();
    while (!signal.aborted) {
      try {
        if (await this.claim()) await this.follow(signal);
        else await pause(RETRY_MS, signal);
      } catch (error) {
        this.checkpoint = undefined;
        if (signal.aborted) break;
        this.report.trouble?.(error);
        await pause(RETRY_MS, signal);
      }
    }
    this.stopping = NEVER;
    this.held = undefined;
    await this.seats.release(this.follower);
  }

  /** Works until the log's present head; nothing when another process holds the reaction. */
  async processAll(): Promise<void> {
    if (!(await this.claim())) return;
    const head = await this.store.head();
    while (this.checkpoint!.position < head) {
      this.movedAt = Number.NEGATIVE_INFINITY;
      const page = await this.store.readAll(this.checkpoint!.position, { limit: PAGE, types: this.reaction.types });
      await this.take(page.events, page.next);
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const { types } = this.reaction;
    for await (const page of this.store.subscribe(this.checkpoint!.position, { limit: PAGE, types, signal })) {
      const held = this.held;
      if (!(await this.claim()) || this.held !== held) return;
      await this.take(page.events, page.next);
    }
  }

  private async take(events: readonly RecordedEvent[], next: Position): Promise<void> {
    if (next === this.checkpoint!.position) return;
    if (events.length === 0 && performance.now() - this.movedAt < EMPTY_MOVE_MS) return;
    await this.reactTo(events);
    await moveCheckpoints(this.pool, [this.checkpoint!], next);
    this.checkpoint!.position = next;
    this.movedAt = performance.now();
  }

  private async reactTo(events: readonly RecordedEvent[]): Promise<void> {
    const chains = new Map<string, RecordedEvent[]>();
    for (const event of events) {
      const key = this.reaction.key(event);
      if (this.parked.has(key)) continue;
      const chain = chains.get(key);
      if (chain) chain.push(event);
      else chains.set(key, [event]);
    }
    const waiting = [...chains.values()];
    // Nothing may still be under way when the same events are read again.
    let trouble: unknown;
    await Promise.all(
      Array.from({ length: Math.min(SIDE_BY_SIDE, waiting.length) }, async () => {
        for (let chain = waiting.shift(); chain && !trouble; chain = waiting.shift()) {
          await this.reactInOrder(chain).catch((error) => {
            trouble = error;
          });
        }
      }),
    );
    if (trouble) throw trouble;
  }

  private async reactInOrder(chain: readonly RecordedEvent[]): Promise<void> {
    for (const event of chain) if (!(await this.taken(event, TRIES))) return;
  }

  /**
   * Gives an event to the reaction, and parks its key where that fails.
   * @returns whether it went well
   * @throws what passes by itself
   */
  private async taken(event: RecordedEvent, tries: number): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.reaction.react(event);
        return true;
      } catch (error) {
        this.stopping.throwIfAborted();
        if (isTransient(error)) throw error;
        if (attempt < tries) {
          await pause(BETWEEN_TRIES_MS, this.stopping);
          continue;
        }
        const key = this.reaction.key(event);
        await parkReaction(this.pool, parkedBy(this.follower, key, event, error));
        if (!this.parked.has(key)) this.report.parked?.(event, error);
        this.parked.add(key);
        return false;
      }
    }
  }

  private async claim(): Promise<boolean> {
    const held = await this.seats.keep(this.follower);
    if (held !== this.held) this.checkpoint = undefined;
    this.held = held;
    if (!held) return false;
    if (!this.checkpoint) {
      [this.checkpoint] = await takeOver(this.pool, this.follower, [0]);
      await this.retryParked();
    } else if (this.parked.size > 0 && performance.now() - this.retriedAt >= RETRY_PARKED_MS) {
      await this.retryParked();
    }
    return true;
  }

  /** A key's row goes once all its events up to the checkpoint were taken, never before. */
  private async retryParked(): Promise<void> {
    const waiting = await parkedKeys(this.pool, this.follower);
    this.parked = new Set(waiting.map(({ key }) => key));
    for (const { key, position } of waiting) {
      if (!(await this.takeUp(key, position))) continue;
      await unparkReaction(this.pool, key, this.checkpoint!);
      this.parked.delete(key);
    }
    this.retriedAt = performance.now();
  }

  /** The events of a parked key, from the one that failed up to the checkpoint, until one fails. */
  private async takeUp(key: string, position: Position): Promise<boolean> {
    const { types } = this.reaction;
    const end = this.checkpoint!.position;
    let page = await this.store.readAll(position, { limit: 1, types, including: true });
    for (;;) {
      for (const event of page.events) {
        if (event.position > end) return true;
        if (this.reaction.key(event) === key && !(await this.taken(event, 1))) return false;
      }
      if (page.next >= end || page.atHead) return true;
      page = await this.store.readAll(page.next, { limit: PAGE, types });
    }
  }
}
