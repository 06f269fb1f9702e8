import type pg from 'pg';
import type { EventStore, Page } from '../event-store/event-store.js';
import type { Position } from '../kernel/envelope.js';
import { isTransient } from '../kernel/transient.js';
import { Fenced } from '../subscriptions/checkpoints.js';
import { applyPage, type PageReport } from './apply-page.js';
import { type BuildShard, cut, nextStep } from './build-shards.js';
import { RebuildPipeline } from './rebuild-pipeline.js';

export type Progress = (position: Position, of: Position) => void;

const PAGE = 5_000;

/** Reads the log into builds that have no readers. */
export class ShardReplay {
  constructor(
    private readonly pool: pg.Pool,
    private readonly store: Pick<EventStore, 'readAll'>,
    private readonly report: Pick<PageReport, 'parked'> = {},
  ) {}

  /** Moves shards to their targets; parks the keys of an event that breaks a write, as the projector does. */
  async advance(shards: readonly BuildShard[], progress?: Progress, signal?: AbortSignal): Promise<void> {
    while (nextStep(shards)) {
      try {
        await this.stream(shards, progress, signal);
      } catch (error) {
        if (error instanceof Fenced || isTransient(error) || signal?.aborted) throw error;
        // A failed write may hold many pages: all of them are read again one by one, since only one has the event.
        const end = Math.max(...shards.map((shard) => shard.position));
        for (const build of new Set(shards.map((shard) => shard.build))) await build.refresh(this.pool);
        for (const shard of shards) shard.position = shard.checkpoint.position;
        let step = nextStep(shards);
        do {
          signal?.throwIfAborted();
          const page = await this.read(shards, step!.after);
          const { events, to } = cut(page.events, page.next, step!.until);
          await applyPage(this.pool, step!.targets, events, to, this.report);
          step = nextStep(shards);
        } while (step && step.after < end);
      }
    }
  }

  /** Reads and folds each page while the previous one is written. */
  private async stream(shards: readonly BuildShard[], progress?: Progress, signal?: AbortSignal): Promise<void> {
    const end = Math.max(0, ...shards.map((shard) => shard.target ?? 0));
    const pipeline = new RebuildPipeline(this.pool, { ...this.report, page: (_, to) => progress?.(to, end) });
    let ahead: { after: Position; page: Promise<Page> } | undefined;
    for (let step = nextStep(shards); step; step = nextStep(shards)) {
      signal?.throwIfAborted();
      const page = await (ahead?.after === step.after ? ahead.page : this.read(shards, step.after));
      const { events, to } = cut(page.events, page.next, step.until);
      ahead = undefined;
      if (to === page.next && !page.atHead) {
        ahead = { after: to, page: this.read(shards, to) };
        ahead.page.catch(() => {}); // thrown where it is awaited
      }
      await pipeline.push(step.targets, events, to);
    }
    await pipeline.drain();
  }

  private read(shards: readonly BuildShard[], after: Position): Promise<Page> {
    const types = [...new Set(shards.flatMap((shard) => shard.build.view.types))];
    return this.store.readAll(after, { limit: PAGE, types });
  }
}
