import type pg from 'pg';
import type { EventStore } from '../event-store/event-store.js';
import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { isTransient } from '../kernel/transient.js';
import { pause } from '../kernel/wait.js';
import { Fenced, takeOverCheckpoints } from '../subscriptions/checkpoints.js';
import type { LockSession } from '../subscriptions/lock-session.js';
import { Ownership } from '../subscriptions/ownership.js';
import { ALL_SHARDS, SHARDS } from '../subscriptions/shards.js';
import { applyPage, PagePipeline, type PageReport } from './apply-page.js';
import { type BuildShard, cut, nextStep } from './build-shards.js';
import { liveBuild } from './builds.js';
import type { Rebuilder } from './rebuilder.js';
import type { View } from './view.js';

export interface ProjectorReport extends PageReport {
  /** Work stopped for a while; it is tried again. */
  trouble?(error: unknown): void;
}

/** Small enough that folding one does not hold up the requests of the same process. */
const PAGE = 2_000;
const CLAIM_EVERY_MS = 1_000;
const RETRY_MS = 500;

/**
 * Keeps the views of one process's lanes up to date. Any number may run: the lanes are spread over them, a lane is held by
 * one at a time, and one that lost its lane without noticing can't move the checkpoint.
 */
export class Projector {
  private units: BuildShard[] = [];
  private readonly lanes = new Map<number, AbortSignal>();
  private lastClaim = Number.NEGATIVE_INFINITY;
  private building: Promise<unknown> | undefined;
  private readonly seats: Ownership;
  /** Of a run; ends a build in the middle. */
  private stopping: AbortSignal | undefined;
  /** The last write failed for what was in it: the next page is taken by itself. */
  private careful = false;

  constructor(
    private readonly pool: pg.Pool,
    private readonly store: EventStore,
    private readonly views: readonly View[],
    locks: LockSession,
    private readonly rebuilder: Rebuilder,
    private readonly report: ProjectorReport = {},
  ) {
    this.seats = new Ownership(locks, 'projectors', SHARDS);
  }

  /** How many lanes this process holds. */
  get lanesHeld(): number {
    return this.lanes.size;
  }

  /** Follows the log until the signal aborts; the page in hand is finished. */
  async run(signal: AbortSignal): Promise<void> {
    this.seats.enter();
    this.stopping = signal;
    while (!signal.aborted) {
      try {
        await this.claim();
        const step = nextStep(this.units);
        if (!step) await pause(RETRY_MS, signal);
        else if (step.until < Number.POSITIVE_INFINITY || this.careful) {
          await this.take(step.after);
          this.careful = false;
        } else await this.follow(step.after, signal);
      } catch (error) {
        await this.recover(error);
        await pause(RETRY_MS, signal);
      }
    }
    await this.building;
    this.units = [];
    for (const lane of this.lanes.keys()) await this.seats.release(laneLock(lane));
    this.lanes.clear();
  }

  /** Works until every view of this process's lanes has passed the log's present head. */
  async processAll(): Promise<void> {
    this.lastClaim = Number.NEGATIVE_INFINITY;
    await this.claim();
    await this.building;
    this.lastClaim = Number.NEGATIVE_INFINITY;
    await this.claim();
    const head = await this.store.head();
    for (let step = nextStep(this.units); step && step.after < head; step = nextStep(this.units))
      await this.take(step.after);
  }

  private async follow(after: Position, signal: AbortSignal): Promise<void> {
    const pipeline = new PagePipeline(this.pool, this.report);
    let position = after;
    for await (const page of this.store.subscribe(after, { limit: PAGE, signal })) {
      const idle = page.next === position;
      if (idle || this.due() || this.lostLane()) {
        await pipeline.drain();
        await this.claim();
        if (this.units.length === 0 || this.units.some((unit) => unit.position !== position)) return;
      }
      if (idle) continue;
      await pipeline.push(nextStep(this.units)!.targets, page.events, page.next);
      position = page.next;
    }
    await pipeline.drain();
  }

  /** One page, with care: what breaks a write is found and parked. */
  private async take(after: Position): Promise<void> {
    const page = await this.store.readAll(after, { limit: PAGE });
    const step = nextStep(this.units)!;
    const { events, to } = cut(page.events, page.next, step.until);
    if (to <= step.after) return;
    await applyPage(this.pool, step.targets, events, to, this.report);
    this.report.page?.(events, to);
  }

  private due(): boolean {
    return performance.now() - this.lastClaim >= CLAIM_EVERY_MS;
  }

  private lostLane(): boolean {
    return [...this.lanes.values()].some((held) => held.aborted);
  }

  /** Takes and hands back lanes, adopts builds that went live, and has missing ones built. */
  private async claim(): Promise<void> {
    if (this.lostLane()) {
      this.lanes.clear();
      this.units = [];
    } else if (!this.due()) {
      return;
    }
    this.lastClaim = performance.now();
    const taken: number[] = [];
    for (const lane of ALL_SHARDS) {
      const held = await this.seats.keep(laneLock(lane));
      if (held && !this.lanes.has(lane)) taken.push(lane);
      if (held) this.lanes.set(lane, held);
      else this.lanes.delete(lane);
    }
    this.units = this.units.filter(({ checkpoint }) => this.lanes.has(checkpoint.shard));
    if (this.lanes.size === 0) return;

    const missing: View[] = [];
    for (const view of this.views) {
      const mine = this.units.filter((unit) => unit.build.view === view);
      if (mine.length > 0 && taken.length === 0) continue;
      const build = mine[0]?.build ?? (await liveBuild(this.pool, view));
      if (!build) missing.push(view);
      else await this.adopt(build, mine.length > 0 ? taken : [...this.lanes.keys()]);
    }
    if (missing.length > 0) this.build(missing);
  }

  private async adopt(build: BuildShard['build'], lanes: number[]): Promise<void> {
    await build.refresh(this.pool);
    for (const checkpoint of await takeOverCheckpoints(this.pool, build.follower, lanes)) {
      this.units.push({ build, checkpoint, position: checkpoint.position });
    }
  }

  /** New views and new versions are built beside the others, which go on meanwhile. */
  private build(views: View[]): void {
    this.building ??= this.rebuilder
      .rebuild(views, undefined, this.stopping)
      .catch((error) => {
        const elsewhere = error instanceof Refusal && error.code === 'rebuild-running';
        if (!elsewhere && !this.stopping?.aborted) this.report.trouble?.(error);
      })
      .finally(() => {
        this.building = undefined;
        this.lastClaim = Number.NEGATIVE_INFINITY;
      });
  }

  private async recover(error: unknown): Promise<void> {
    // Whatever went wrong, what is in memory may not be what is stored: begin again from the stored checkpoints.
    this.units = [];
    this.lastClaim = Number.NEGATIVE_INFINITY;
    const passing = error instanceof Fenced || isTransient(error);
    this.careful = !passing;
    this.report.trouble?.(passing ? error : new Error('the projector stopped and begins again', { cause: error }));
  }
}

const laneLock = (lane: number) => `projector:lane:${lane}`;
