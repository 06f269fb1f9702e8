import type pg from 'pg';
import { type EventStore, StoreUnavailable } from '../event-store/event-store.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import { pause } from '../kernel/pause.js';
import { isPassingDatabaseError } from '../platform/database/connection-errors.js';
import { type Checkpoint, moveCheckpoints, park, parkedKeys, takeOver } from './checkpoints.js';
import type { Seats } from './seats.js';
import { parkedBy } from './view-build.js';

/** What a process manager does when an event happens: further commands, each right when it is given again. */
export interface Reaction {
  /** Kebab-case; the name of its checkpoint and of its seat. */
  name: string;
  types: readonly string[];
  /** Events of one key are taken in order, those of different keys side by side. */
  key(event: RecordedEvent): string;
  react(event: RecordedEvent): Promise<void>;
}

export interface ReactorReport {
  trouble?(error: unknown): void;
  parked?(event: RecordedEvent, error: unknown): void;
}

const PAGE = 1_000;
const SIDE_BY_SIDE = 32;
const TRIES = 3;
const RETRY_MS = 500;
/** Pages without an event for the reaction are most of them; passing them need not cost a commit each. */
const EMPTY_MOVE_MS = 200;

/**
 * Follows the log for one reaction and keeps its own checkpoint. One process at a time holds its seat; after a crash the
 * events since the checkpoint are given to the reaction again. A key whose event fails is parked and tried again by the
 * next process that takes over, so that a mended release picks up what an earlier one could not do.
 */
export class Reactor {
  private checkpoint: Checkpoint | undefined;
  private held: AbortSignal | undefined;
  private readonly parked = new Set<string>();
  private movedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly pool: pg.Pool,
    private readonly store: EventStore,
    private readonly reaction: Reaction,
    private readonly seats: Seats,
    private readonly report: ReactorReport = {},
  ) {}

  get follower(): string {
    return `reactor:${this.reaction.name}`;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.seats.enter();
    while (!signal.aborted) {
      try {
        if (await this.claim()) await this.follow(signal);
        else await pause(RETRY_MS, signal);
      } catch (error) {
        this.checkpoint = undefined;
        this.report.trouble?.(error);
        await pause(RETRY_MS, signal);
      }
    }
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

  private async take(events: readonly RecordedEvent[], next: number): Promise<void> {
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
    const waiting = [...chains];
    await Promise.all(
      Array.from({ length: Math.min(SIDE_BY_SIDE, waiting.length) }, async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) await this.reactInOrder(...next);
      }),
    );
  }

  private async reactInOrder(key: string, events: readonly RecordedEvent[]): Promise<void> {
    for (const event of events) {
      for (let attempt = 1; ; attempt++) {
        try {
          await this.reaction.react(event);
          break;
        } catch (error) {
          if (error instanceof StoreUnavailable || isPassingDatabaseError(error)) throw error;
          if (attempt < TRIES) continue;
          this.parked.add(key);
          await park(this.pool, [parkedBy(this.follower, key, event, error)]);
          this.report.parked?.(event, error);
          return;
        }
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
    }
    return true;
  }

  private async retryParked(): Promise<void> {
    this.parked.clear();
    for (const { key, position } of await parkedKeys(this.pool, this.follower)) {
      await this.pool.query('DELETE FROM projections.parked WHERE follower = $1 AND key = $2', [this.follower, key]);
      for (let after = position, including = true; including || after < this.checkpoint!.position; including = false) {
        const page = await this.store.readAll(after, { limit: PAGE, types: this.reaction.types, including });
        const due = page.events.filter(
          (event) => event.position <= this.checkpoint!.position && this.reaction.key(event) === key,
        );
        await this.reactTo(due);
        if (page.next === after && !including) break;
        after = page.next;
      }
    }
  }
}
