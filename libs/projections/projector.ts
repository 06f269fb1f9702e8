import type pg from 'pg';
import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { isTransient } from '../kernel/transient.js';
import { Fenced, takeOverCheckpoints } from '../subscriptions/checkpoints.js';
import type { LockSession } from '../subscriptions/lock-session.js';
import type { LogTail } from '../subscriptions/log-tail.js';
import { Ownership } from '../subscriptions/ownership.js';
import { ALL_SHARDS, SHARDS } from '../subscriptions/shards.js';
import { runSubscription, type Subscriber } from '../subscriptions/subscription.js';
import { applyPage, PagePipeline, type PageReport } from './apply-page.js';
import { type BuildShard, cut, nextStep } from './build-shards.js';
import { liveBuild } from './builds.js';
import type { Rebuilder } from './rebuilder.js';
import type { View } from './view.js';

export interface ProjectorReport extends PageReport {
  /** Work stopped for a while; it is retried from the checkpoints. */
  error?(error: unknown): void;
}

/** Small enough that folding a page does not delay the requests of the same process. */
const PAGE = 2_000;
const CLAIM_EVERY_MS = 1_000;

/**
 * Keeps the views of this process's shards up to date. Any number of projectors may run: they share the shards, each shard
 * has one owner at a time, and an owner that lost its shard without noticing can't move the checkpoint.
 */
export class Projector implements Subscriber {
  private shards: BuildShard[] = [];
  private readonly owned = new Map<number, AbortSignal>();
  private lastClaim = Number.NEGATIVE_INFINITY;
  private building: Promise<unknown> | undefined;
  private readonly ownership: Ownership;
  /** The signal of a run; it also ends a build early. */
  private stopping: AbortSignal | undefined;
  /** The last write failed because of an event: the next page is applied by itself, to find and park that event. */
  private careful = false;

  constructor(
    private readonly pool: pg.Pool,
    private readonly log: LogTail,
    private readonly views: readonly View[],
    locks: LockSession,
    private readonly rebuilder: Rebuilder,
    private readonly report: ProjectorReport = {},
  ) {
    this.ownership = new Ownership(locks, 'projectors', SHARDS);
  }

  /** Number of shards that this process owns. */
  get shardsOwned(): number {
    return this.owned.size;
  }

  /** Up to where every view of this process's shards is stored; 0 while one is missing. */
  get position(): Position {
    const [first] = this.shards;
    if (!first || this.building || this.shards.length < this.views.length * this.owned.size) return 0;
    return this.shards.reduce((least, { checkpoint }) => Math.min(least, checkpoint.position), first.position);
  }

  /** Follows the log until the signal aborts; finishes the current page. */
  async run(signal: AbortSignal): Promise<void> {
    this.ownership.join();
    this.stopping = signal;
    await runSubscription(this, signal);
  }

  /** Works until every view of this process's shards has passed the log's current head. */
  async processAll(): Promise<void> {
    this.lastClaim = Number.NEGATIVE_INFINITY;
    await this.claim();
    await this.building;
    this.lastClaim = Number.NEGATIVE_INFINITY;
    await this.claim();
    const head = await this.log.head();
    for (let step = nextStep(this.shards); step && step.after < head; step = nextStep(this.shards))
      await this.applyNext(step.after);
  }

  async follow(signal: AbortSignal): Promise<void> {
    const { after, until } = nextStep(this.shards)!;
    if (until === Number.POSITIVE_INFINITY && !this.careful) return this.followFrom(after, signal);
    await this.applyNext(after);
    this.careful = false;
  }

  failed(error: unknown): void {
    // The memory may differ from the tables: read everything again from the checkpoints.
    this.shards = [];
    this.lastClaim = Number.NEGATIVE_INFINITY;
    const isExpected = error instanceof Fenced || isTransient(error);
    this.careful = !isExpected;
    this.report.error?.(
      isExpected ? error : new Error('the projector restarts from its checkpoints', { cause: error }),
    );
  }

  async release(): Promise<void> {
    await this.building;
    this.shards = [];
    for (const shard of this.owned.keys()) await this.ownership.release(projectorLock(shard));
    this.owned.clear();
  }

  private async followFrom(after: Position, signal: AbortSignal): Promise<void> {
    const pipeline = new PagePipeline(this.pool, this.report);
    let position = after;
    for await (const page of this.log.subscribe(after, { limit: PAGE, signal })) {
      const idle = page.next === position;
      if (idle || this.isDue() || this.hasLostShard()) {
        await pipeline.drain();
        await this.claim();
        if (this.shards.length === 0 || this.shards.some((shard) => shard.position !== position)) return;
      }
      if (idle) continue;
      await pipeline.push(nextStep(this.shards)!.targets, page.events, page.next);
      position = page.next;
    }
    await pipeline.drain();
  }

  /** Applies one page in a transaction of its own, and parks the keys of an event that breaks it. */
  private async applyNext(after: Position): Promise<void> {
    const page = await this.log.readAll(after, { limit: PAGE });
    const step = nextStep(this.shards)!;
    const { events, to } = cut(page.events, page.next, step.until);
    if (to <= step.after) return;
    await applyPage(this.pool, step.targets, events, to, this.report);
    this.report.page?.(events, to);
  }

  private isDue(): boolean {
    return performance.now() - this.lastClaim >= CLAIM_EVERY_MS;
  }

  private hasLostShard(): boolean {
    return [...this.owned.values()].some((signal) => signal.aborted);
  }

  /** Claims and releases shards, adopts builds that went live, and starts missing builds. */
  async claim(): Promise<boolean> {
    if (this.hasLostShard()) {
      this.owned.clear();
      this.shards = [];
    } else if (!this.isDue()) {
      return this.shards.length > 0;
    }
    this.lastClaim = performance.now();
    const claimed: number[] = [];
    for (const shard of ALL_SHARDS) {
      const owned = await this.ownership.claim(projectorLock(shard));
      if (owned && !this.owned.has(shard)) claimed.push(shard);
      if (owned) this.owned.set(shard, owned);
      else this.owned.delete(shard);
    }
    this.shards = this.shards.filter(({ checkpoint }) => this.owned.has(checkpoint.shard));
    if (this.owned.size > 0) await this.adoptBuilds(claimed);
    return this.shards.length > 0;
  }

  private async adoptBuilds(claimed: number[]): Promise<void> {
    const missing: View[] = [];
    for (const view of this.views) {
      const mine = this.shards.filter((shard) => shard.build.view === view);
      if (mine.length > 0 && claimed.length === 0) continue;
      const build = mine[0]?.build ?? (await liveBuild(this.pool, view));
      if (!build) missing.push(view);
      else await this.adopt(build, mine.length > 0 ? claimed : [...this.owned.keys()]);
    }
    if (missing.length > 0) this.build(missing);
  }

  private async adopt(build: BuildShard['build'], shards: number[]): Promise<void> {
    await build.refresh(this.pool);
    for (const checkpoint of await takeOverCheckpoints(this.pool, build.consumer, shards)) {
      this.shards.push({ build, checkpoint, position: checkpoint.position });
    }
  }

  /** Builds new views and versions while the others are kept up to date. */
  private build(views: View[]): void {
    this.building ??= this.rebuilder
      .rebuild(views, undefined, this.stopping)
      .catch((error) => {
        const elsewhere = error instanceof Refusal && error.code === 'rebuild-running';
        if (!elsewhere && !this.stopping?.aborted) this.report.error?.(error);
      })
      .finally(() => {
        this.building = undefined;
        this.lastClaim = Number.NEGATIVE_INFINITY;
      });
  }
}

/** The same name as in earlier releases, with which this process may share the work. */
export const projectorLock = (shard: number) => `projector:lane:${shard}`;
