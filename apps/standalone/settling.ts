import type { Position } from '../../libs/kernel/envelope.js';
import { pause } from '../../libs/kernel/wait.js';
import type { LogTail } from '../../libs/subscriptions/log-tail.js';
import type { Reactor } from '../../libs/subscriptions/reactor.js';

/** How often `settle` asks whether the reactors have stored something. */
const LOOK_MS = 5;

export interface SettledViews {
  /** Resolves once the views have passed the log's current head. */
  processAll(): Promise<void>;
  /** Whether they follow the log on their own. */
  followAlone?: boolean;
}

/** Processes everything that is stored and what follows from it, always in the same order. */
export class Settling {
  /** Up to where each reactor is known to have processed the log. */
  private readonly done = new Map<Reactor, Position>();
  /** The types of the events after the position up to which every reactor has. */
  private read: { position: Position; type: string }[] = [];
  private readUpTo: Position = 0;

  constructor(
    private readonly views: SettledViews,
    private readonly reactors: readonly Reactor[],
    private readonly log: LogTail,
  ) {}

  async settle(): Promise<void> {
    for (let before = -1, head = await this.log.head(); head !== before; head = await this.log.head()) {
      before = head;
      await this.views.processAll();
      // A reactor may wait until a view includes what the reactor itself stored.
      await this.projecting(() => this.react(), head);
    }
  }

  /**
   * Does something while the views follow the log, and waits until they have what it stored.
   * @param from how far the views are
   */
  async projecting<Result>(work: () => Promise<Result>, from: Position = -1): Promise<Result> {
    if (this.views.followAlone) {
      const result = await work();
      await this.views.processAll();
      return result;
    }
    const done = new AbortController();
    const [result, projection] = await Promise.allSettled([
      work().finally(() => done.abort()),
      this.project(from, done.signal),
    ]);
    // Only now: what one left running would take the other's checkpoints from the next call.
    if (result.status === 'rejected') throw result.reason;
    if (projection.status === 'rejected') throw projection.reason;
    return result.value;
  }

  private async project(from: Position, done: AbortSignal): Promise<void> {
    for (let projected = from; ; await pause(LOOK_MS, done)) {
      const isLast = done.aborted;
      const grown = await this.log.head();
      if (grown !== projected) await this.views.processAll();
      projected = grown;
      if (isLast) return;
    }
  }

  /** Those that have events, one after the other; the others only move their checkpoints, so they may do so together. */
  private async react(): Promise<void> {
    await this.readOn();
    const idle: Reactor[] = [];
    for (const reactor of this.reactors) {
      if (this.hasWork(reactor)) await this.process(reactor).then(() => this.readOn());
      else idle.push(reactor);
    }
    await Promise.all(idle.filter((reactor) => !this.hasWork(reactor)).map((reactor) => this.process(reactor)));
  }

  private hasWork(reactor: Reactor): boolean {
    const done = this.done.get(reactor);
    return done === undefined || this.read.some(({ position, type }) => position > done && reactor.types.has(type));
  }

  private async process(reactor: Reactor): Promise<void> {
    const { readUpTo } = this;
    await reactor.processAll();
    this.done.set(reactor, readUpTo);
  }

  private async readOn(): Promise<void> {
    const everywhere = Math.min(...this.reactors.map((reactor) => this.done.get(reactor) ?? 0));
    this.read = this.read.filter(({ position }) => position > everywhere);
    for (let isAtHead = false; !isAtHead; ) {
      const { events, next, atHead } = await this.log.readAll(this.readUpTo);
      for (const { position, type } of events) this.read.push({ position, type });
      this.readUpTo = next;
      isAtHead = atHead;
    }
  }
}
