import type pg from 'pg';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { eventLoop } from '../kernel/event-loop.js';
import { isTransient } from '../kernel/transient.js';
import { inTransaction } from '../platform/database/in-transaction.js';
import { Fenced, moveCheckpoints, park } from '../subscriptions/checkpoints.js';
import { type Parking, parkedBy } from '../subscriptions/parked-keys.js';
import { ALL_SHARDS } from '../subscriptions/shards.js';
import type { PageTarget } from './build-shards.js';
import { CACHED_ROWS, changedRows, type PageEffect } from './view-build.js';

/** What a page does to one build, worked out but not yet written. */
export type Folded = PageTarget & { effect: PageEffect };

export interface PageReport {
  /** A page is in the tables. */
  page?(events: readonly RecordedEvent[], to: Position): void;
  /** With a page, a key was left out from there on. */
  parked?(parking: Parking): void;
}

/** Half of what the cache holds: the pages under way must be in it together. */
const ROWS_UNDER_WAY = CACHED_ROWS / 2;

/**
 * Applies pages one after the other, folding the next while the one before is written: the process and the database work
 * at the same time. Whatever fails is thrown by the next call; everything in memory is then to be read anew.
 */
export class PagePipeline {
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: pg.Pool,
    private readonly report: PageReport = {},
  ) {}

  /** @throws Fenced when another process moved a checkpoint */
  async push(targets: readonly PageTarget[], events: readonly RecordedEvent[], to: Position): Promise<void> {
    const folded = await foldPage(this.pool, targets, events, to);
    await this.writing;
    this.writing = writePage(this.pool, folded, to, this.report).then(() => this.report.page?.(events, to));
    this.writing.catch(() => {}); // thrown where it is awaited
    if (folded.some(({ effect }) => changedRows(effect) > ROWS_UNDER_WAY)) await this.writing;
  }

  /** Resolves when everything pushed is committed. */
  async drain(): Promise<void> {
    await this.writing;
  }
}

/**
 * Applies a page to builds in one transaction: rows, counters, parked keys and checkpoints move together or not at all.
 * When a write fails for what is in the page (not because the database is away), halves of it are tried, down to the one
 * event, whose keys are parked.
 * @throws Fenced when another process moved a checkpoint
 */
export async function applyPage(
  pool: pg.Pool,
  targets: readonly PageTarget[],
  events: readonly RecordedEvent[],
  to: Position,
  report: Pick<PageReport, 'parked'> = {},
): Promise<void> {
  try {
    await writePage(pool, await foldPage(pool, targets, events, to), to, report);
  } catch (error) {
    if (error instanceof Fenced || isTransient(error)) throw error;
    for (const { build, units } of targets) {
      await build.refresh(pool);
      for (const unit of units) unit.position = unit.checkpoint.position;
    }
    if (events.length > 1) {
      const middle = events.length >> 1;
      await applyPage(pool, targets, events.slice(0, middle), events[middle - 1]!.position, report);
      await applyPage(pool, targets, events.slice(middle), to, report);
    } else if (targets.length > 1) {
      for (const target of targets) await applyPage(pool, [target], events, to, report);
    } else if (events.length === 1) {
      await skipEvent(pool, targets[0]!, events[0]!, error, to, report);
    } else {
      throw error;
    }
  }
}

export function foldPage(
  pool: pg.Pool,
  targets: readonly PageTarget[],
  events: readonly RecordedEvent[],
  to: Position,
): Promise<Folded[]> {
  return Promise.all(
    targets.map(async ({ build, units }) => {
      await eventLoop.yield();
      const shards =
        units.length === ALL_SHARDS.length ? undefined : new Set(units.map((unit) => unit.checkpoint.shard));
      const effect = await build.fold(pool, events, shards);
      for (const unit of units) unit.position = to;
      return { build, units, effect };
    }),
  );
}

export async function writePage(
  pool: pg.Pool,
  folded: readonly Folded[],
  to: Position,
  report: PageReport,
): Promise<void> {
  const checkpoints = folded.flatMap(({ units }) => units.map((unit) => unit.checkpoint));
  // Given together, so that the database writes a whole page while this process folds the next; they run in this order,
  // and the first that fails says why.
  await inTransaction(pool, async (client) => {
    const given: Promise<void>[] = [];
    const give = (statement: Promise<void>) => {
      statement.catch(() => {}); // thrown below
      given.push(statement);
    };
    give(moveCheckpoints(client, checkpoints, to));
    for (const { build, effect } of folded) {
      await eventLoop.yield(); // a large page takes long to encode
      give(build.write(client, effect));
      give(park(client, effect.parked));
    }
    await Promise.all(given);
  });
  for (const checkpoint of checkpoints) checkpoint.position = to;
  for (const { build, effect } of folded) {
    build.committed();
    for (const parking of effect.parked) report.parked?.(parking);
  }
}

async function skipEvent(
  pool: pg.Pool,
  { build, units }: PageTarget,
  event: RecordedEvent,
  error: unknown,
  to: Position,
  report: PageReport,
): Promise<void> {
  const parked = build.view.keys(event).map((key) => parkedBy(build.follower, key, event, error));
  const checkpoints = units.map((unit) => unit.checkpoint);
  await inTransaction(pool, async (client) => {
    await moveCheckpoints(client, checkpoints, to);
    await park(client, parked);
  });
  for (const parking of parked) {
    build.park(parking.key);
    report.parked?.(parking);
  }
  for (const unit of units) {
    unit.checkpoint.position = to;
    unit.position = to;
  }
}
