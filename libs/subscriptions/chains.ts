import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { Changes } from '../kernel/wait.js';
import type { LogTail } from './log-tail.js';

export interface ChainOptions {
  types: readonly string[];
  keyOf(event: RecordedEvent): string;
  /** Whether there is anything to process for an event that is read again; if not, it counts as finished. */
  concerns(event: RecordedEvent): boolean;
  /** Processes an event. An error ends all chains. */
  work(event: RecordedEvent): Promise<void>;
}

/** A place in the log, with the number of events of the types up to it since the start. */
interface Place {
  position: Position;
  events: number;
}

interface Queued {
  event: RecordedEvent;
  /** Up to where the log was read before this event. */
  before: Place;
}

interface Chain {
  key: string;
  queue: Queued[];
  /** Set if later events of the key are not in the queue: they are read again after this place. */
  unread?: Place;
  /** How many those are, about: what concerns nobody may change until they are read. */
  unreadEvents: number;
}

export interface ChainProgress {
  /** Everything of these types up to here is finished: a restart may continue after it. */
  reached: Position;
  /** Events that are finished beyond the oldest unfinished one. */
  finished: number;
  isUnfinished: boolean;
  /** The oldest unfinished event, unless it is to be read again. */
  oldest?: RecordedEvent | undefined;
}

/** Maximum events of one key in memory. */
const PER_KEY = 200;
/** No page is added while more events than this are unfinished. */
const UNFINISHED = 10_000;
const CONCURRENCY = 32;
const PAGE = 1_000;
const FOREVER_MS = 2 ** 31 - 1;

/**
 * Processes the events of each key in order, and those of different keys concurrently, across pages: a key with many events,
 * or with one that takes long, delays no other. What does not fit in memory of one key is read again when its turn comes.
 */
export class Chains {
  private chains = new Map<string, Chain>();
  private ready: Chain[] = [];
  private running = 0;
  private unfinished = 0;
  private frontier: Place = { position: 0, events: 0 };
  private isStopped = true;
  private failure: { error: unknown } | undefined;
  private readonly changes = new Changes();

  constructor(
    private readonly log: LogTail,
    private readonly options: ChainOptions,
  ) {}

  /** Starts afresh after a position. Nothing may be running. */
  start(position: Position): void {
    this.chains = new Map();
    this.ready = [];
    this.unfinished = 0;
    this.frontier = { position, events: 0 };
    this.failure = undefined;
    this.isStopped = false;
  }

  get readUpTo(): Position {
    return this.frontier.position;
  }

  get progress(): ChainProgress {
    let before = this.frontier;
    let oldest: RecordedEvent | undefined;
    let { unfinished } = this;
    for (const { queue, unread, unreadEvents } of this.chains.values()) {
      unfinished += unreadEvents;
      const [first] = queue;
      const place = first?.before ?? unread;
      if (place && place.events < before.events) [before, oldest] = [place, first?.event];
    }
    const finished = Math.max(0, this.frontier.events - before.events - unfinished);
    return { reached: before.position, finished, isUnfinished: before !== this.frontier, oldest };
  }

  /**
   * @param next the page directly behind the previous one ends here
   * @param concerned those of its events that there is anything to process for; the others count as finished
   */
  add(events: readonly RecordedEvent[], next: Position, concerned: ReadonlySet<RecordedEvent>): void {
    let before = this.frontier;
    for (const event of events) {
      if (concerned.has(event)) this.enqueue(event, before);
      before = { position: event.position, events: before.events + 1 };
    }
    this.frontier = { position: next, events: before.events };
    this.pump();
  }

  /** @returns false if there is no room for another page within the time. @throws the error of any work */
  hasRoom(limitMs: number): Promise<boolean> {
    return this.until(() => this.unfinished < UNFINISHED, limitMs);
  }

  /** Resolves once everything is finished. @throws the error of any work */
  async finish(): Promise<void> {
    await this.until(() => this.chains.size === 0, FOREVER_MS);
  }

  /** Starts no more work, and resolves once none is running. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.changes.until(() => this.running === 0, FOREVER_MS);
  }

  private async until(isMet: () => boolean, limitMs: number): Promise<boolean> {
    const isDone = await this.changes.until(() => isMet() || this.failure !== undefined, limitMs);
    if (this.failure) throw this.failure.error;
    return isDone;
  }

  private enqueue(event: RecordedEvent, before: Place): void {
    const key = this.options.keyOf(event);
    let chain = this.chains.get(key);
    if (!chain) {
      chain = { key, queue: [], unreadEvents: 0 };
      this.chains.set(key, chain);
      this.ready.push(chain);
    }
    if (chain.unread !== undefined || chain.queue.length >= PER_KEY) {
      chain.unread ??= before;
      chain.unreadEvents++;
      return;
    }
    chain.queue.push({ event, before });
    this.unfinished++;
  }

  private pump(): void {
    while (!this.isStopped && this.running < CONCURRENCY) {
      const chain = this.ready.shift();
      if (!chain) return;
      this.running++;
      void this.advance(chain)
        .catch((error) => {
          this.failure ??= { error };
          this.isStopped = true;
        })
        .finally(() => {
          this.running--;
          this.pump();
          this.changes.notify();
        });
    }
  }

  /** One event of the chain, which then waits for its next turn behind the others. */
  private async advance(chain: Chain): Promise<void> {
    if (chain.queue.length > 0) {
      await this.options.work(chain.queue[0]!.event);
      chain.queue.shift();
      this.unfinished--;
    } else await this.readOn(chain);
    if (chain.queue.length > 0 || chain.unread !== undefined) this.ready.push(chain);
    else this.chains.delete(chain.key);
  }

  private async readOn(chain: Chain): Promise<void> {
    while (chain.unread !== undefined && chain.queue.length < PER_KEY && !this.isStopped) {
      const { types, keyOf, concerns } = this.options;
      const page = await this.log.readAll(chain.unread.position, { types, limit: PAGE });
      for (const event of page.events) {
        if (event.position > this.frontier.position || chain.queue.length >= PER_KEY) break;
        if (keyOf(event) === chain.key && concerns(event)) {
          chain.queue.push({ event, before: chain.unread });
          this.unfinished++;
          chain.unreadEvents = Math.max(0, chain.unreadEvents - 1);
        }
        chain.unread = { position: event.position, events: chain.unread.events + 1 };
      }
      if (chain.queue.length >= PER_KEY) return;
      // Up to the frontier, nothing of the key is missing any more, and what comes later is added.
      if (page.next >= this.frontier.position) {
        chain.unread = undefined;
        chain.unreadEvents = 0;
      } else chain.unread = { ...chain.unread, position: page.next };
    }
  }
}
