import type pg from 'pg';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { isPassingDatabaseError } from '../platform/database/connection-errors.js';
import { type Checkpoint, Fenced, moveCheckpoints, park } from './checkpoints.js';
import { ALL_LANES } from './lanes.js';
import { type PageEffect, parkedBy, type ViewBuild } from './view-build.js';

/** A build and the lanes of it that stand at the page's start. */
export interface PageTarget {
  build: ViewBuild;
  checkpoints: Checkpoint[];
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
): Promise<void> {
  try {
    await writePage(pool, targets, events, to);
  } catch (error) {
    if (error instanceof Fenced || isPassingDatabaseError(error)) throw error;
    if (events.length > 1) {
      const middle = events.length >> 1;
      await applyPage(pool, targets, events.slice(0, middle), events[middle - 1]!.position);
      await applyPage(pool, targets, events.slice(middle), to);
    } else if (targets.length > 1) {
      for (const target of targets) await applyPage(pool, [target], events, to);
    } else if (events.length === 1) {
      await skipEvent(pool, targets[0]!, events[0]!, error, to);
    } else {
      throw error;
    }
  }
}

async function writePage(
  pool: pg.Pool,
  targets: readonly PageTarget[],
  events: readonly RecordedEvent[],
  to: Position,
) {
  const effects: PageEffect[] = [];
  for (const { build, checkpoints } of targets) {
    const lanes = checkpoints.length === ALL_LANES.length ? undefined : new Set(checkpoints.map((one) => one.lane));
    effects.push(await build.fold(pool, events, lanes));
  }
  await inTransaction(pool, async (client) => {
    await moveCheckpoints(
      client,
      targets.flatMap((target) => target.checkpoints),
      to,
    );
    for (const [i, { build }] of targets.entries()) {
      await build.write(client, effects[i]!);
      await park(client, effects[i]!.parked);
    }
  });
  for (const [i, { build, checkpoints }] of targets.entries()) {
    build.committed(effects[i]!);
    for (const checkpoint of checkpoints) checkpoint.position = to;
  }
}

async function skipEvent(
  pool: pg.Pool,
  { build, checkpoints }: PageTarget,
  event: RecordedEvent,
  error: unknown,
  to: Position,
) {
  const parked = build.view.keys(event).map((key) => parkedBy(build.follower, key, event, error));
  await inTransaction(pool, async (client) => {
    await moveCheckpoints(client, checkpoints, to);
    await park(client, parked);
  });
  build.committed({ upserts: [], removals: [], counters: new Map(), parked });
  for (const checkpoint of checkpoints) checkpoint.position = to;
}

export async function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
