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

/** The effect of a page on one build, computed but not yet written. */
export type Folded = PageTarget & { effect: PageEffect };

export interface PageReport {
  /** A page has been committed. */
  page?(events: readonly RecordedEvent[], to: Position): void;
  /** A key was parked: its later events are skipped. */
  parked?(parking: Parking): void;
}

/** Half the cache: rows stay in it until they are written, beyond its limit if need be. */
const MAX_ROWS_IN_FLIGHT = CACHED_ROWS / 2;

/**
 * Applies pages in order and folds each page while the previous one is written, so that the process and the database work
 * at the same time. An error is thrown by the next call; everything in memory must then be read again.
 */
export class PagePipeline {
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: pg.Pool,
    private readonly report: PageReport = {},
  ) {}

  /** @throws Fenced if another process moved a checkpoint */
  async push(targets: readonly PageTarget[], events: readonly RecordedEvent[], to: Position): Promise<void> {
    const folded = await foldPage(this.pool, targets, events, to);
    await this.writing;
    this.writing = writePage(this.pool, folded, to, this.report).then(() => this.report.page?.(events, to));
    this.writing.catch(() => {}); // thrown where it is awaited
    if (folded.some(({ effect }) => changedRows(effect) > MAX_ROWS_IN_FLIGHT)) await this.writing;
  }

  /** Resolves when everything pushed is committed. */
  async drain(): Promise<void> {
    await this.writing;
  }
}

/**
 * Applies a page to builds in one transaction: rows, counters, parked keys and checkpoints move together or not at all.
 * If an event makes the write fail (not an outage of the database), the page is retried in halves, down to that event, whose
 * keys are parked.
 * @throws Fenced if another process moved a checkpoint
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
    for (const { build, shards } of targets) {
      await build.refresh(pool);
      for (const shard of shards) shard.position = shard.checkpoint.position;
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

/** Settles only when every build has folded, so that none changes its cache after an error has cleared it. */
export async function foldPage(
  pool: pg.Pool,
  targets: readonly PageTarget[],
  events: readonly RecordedEvent[],
  to: Position,
): Promise<Folded[]> {
  const folding = targets.map(async ({ build, shards }) => {
    await eventLoop.yield();
    const subset =
      shards.length === ALL_SHARDS.length ? undefined : new Set(shards.map((shard) => shard.checkpoint.shard));
    const effect = await build.fold(pool, events, subset);
    for (const shard of shards) shard.position = to;
    return { build, shards, effect };
  });
  await Promise.allSettled(folding);
  return Promise.all(folding);
}

export async function writePage(
  pool: pg.Pool,
  folded: readonly Folded[],
  to: Position,
  report: PageReport,
): Promise<void> {
  const checkpoints = folded.flatMap(({ shards }) => shards.map((shard) => shard.checkpoint));
  // Sent together, so that the database writes a whole page while this process folds the next. They run in this order, and
  // the error of the first failure is thrown.
  await inTransaction(pool, async (client) => {
    const sent: Promise<void>[] = [];
    const send = (statement: Promise<void>) => {
      statement.catch(() => {}); // thrown below
      sent.push(statement);
    };
    send(moveCheckpoints(client, checkpoints, to));
    for (const { build, effect } of folded) {
      await eventLoop.yield(); // encoding a large page is long work
      send(build.write(client, effect));
      send(park(client, effect.parked));
    }
    await Promise.all(sent);
  });
  for (const checkpoint of checkpoints) checkpoint.position = to;
  for (const { build, effect } of folded) {
    build.committed();
    for (const parking of effect.parked) report.parked?.(parking);
  }
}

async function skipEvent(
  pool: pg.Pool,
  { build, shards }: PageTarget,
  event: RecordedEvent,
  error: unknown,
  to: Position,
  report: PageReport,
): Promise<void> {
  const parked = build.keysOf(event).map((key) => parkedBy(build.consumer, key, event, error));
  const checkpoints = shards.map((shard) => shard.checkpoint);
  await inTransaction(pool, async (client) => {
    await moveCheckpoints(client, checkpoints, to);
    await park(client, parked);
  });
  for (const parking of parked) {
    build.park(parking.key);
    report.parked?.(parking);
  }
  for (const shard of shards) {
    shard.checkpoint.position = to;
    shard.position = to;
  }
}
