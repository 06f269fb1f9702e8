import type pg from 'pg';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { type Folded, foldPage, type PageReport, writePage } from './apply-page.js';
import type { PageTarget } from './build-shards.js';
import { MergedEffect } from './merged-effect.js';
import { DRAFT_CACHED_ROWS, type ViewBuild } from './view-build.js';

/** Half the cache of a build: rows stay in it until they are written, beyond its limit if need be. */
const MERGED_ROWS = DRAFT_CACHED_ROWS / 2;

interface Merged {
  targets: readonly PageTarget[];
  effects: Map<ViewBuild, MergedEffect>;
  to: Position;
}

/**
 * Folds pages into tables that have no readers yet. A row that several pages change is written once, and pages are folded
 * while earlier ones are written. A write error is thrown by the next call; everything in memory must then be read again.
 */
export class RebuildPipeline {
  private waiting: Merged | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: pg.Pool,
    private readonly report: PageReport = {},
  ) {}

  /** @throws Fenced if another process moved a checkpoint */
  async push(targets: readonly PageTarget[], events: readonly RecordedEvent[], to: Position): Promise<void> {
    if (this.waiting && !sameShards(this.waiting.targets, targets)) await this.write();
    const folded = await foldPage(this.pool, targets, events, to);
    this.waiting ??= {
      targets,
      to,
      effects: new Map(targets.map(({ build }) => [build, new MergedEffect(build.view.table.key)])),
    };
    this.waiting.to = to;
    for (const { build, effect } of folded) this.waiting.effects.get(build)!.add(effect);
    if ([...this.waiting.effects.values()].some(({ rows }) => rows > MERGED_ROWS)) await this.write();
  }

  /** Resolves when everything pushed is committed. */
  async drain(): Promise<void> {
    await this.write();
    await this.writing;
  }

  private async write(): Promise<void> {
    const { waiting } = this;
    this.waiting = undefined;
    await this.writing;
    if (!waiting) return;
    const { targets, effects, to } = waiting;
    const folded: Folded[] = targets.map(({ build, shards }) => ({
      build,
      shards,
      effect: effects.get(build)!.effect(),
    }));
    this.writing = writePage(this.pool, folded, to, this.report).then(() => this.report.page?.([], to));
    this.writing.catch(() => {}); // thrown where it is awaited
  }
}

const sameShards = (one: readonly PageTarget[], other: readonly PageTarget[]): boolean =>
  one.length === other.length &&
  one.every(
    ({ build, shards }, i) =>
      build === other[i]!.build &&
      shards.length === other[i]!.shards.length &&
      shards.every((shard, n) => shard === other[i]!.shards[n]),
  );
