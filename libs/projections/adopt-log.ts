import type pg from 'pg';
import type { EventStore } from '../event-store/event-store.js';
import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { inTransaction } from '../platform/database/in-transaction.js';
import type { LockSession } from '../subscriptions/lock-session.js';
import { LogContinuity } from '../subscriptions/log-continuity.js';
import { ALL_SHARDS } from '../subscriptions/shards.js';
import { remove } from './builds.js';
import { projectorLock } from './projector.js';
import type { Rebuilder } from './rebuilder.js';
import type { Progress } from './shard-replay.js';
import type { View } from './view.js';
import type { LackedRows } from './view-tables.js';

export interface AdoptedLog {
  /** False if the log is the one that the database was derived from, so that nothing was done. */
  adopted: boolean;
  head: Position;
  /** Consumers that act. `known` is false if the log holds no event that the consumer is known to have processed. */
  consumers: { consumer: string; before: Position; after: Position; known: boolean }[];
  /** What the views knew and the log does not contain. */
  views: ({ view: string } & LackedRows)[];
}

interface Place {
  position: Position;
  eventId: string;
}

const PAGE = 5_000;
const LISTED_KEYS = 1_000;
/** No event has it: until the views are rebuilt, no process accepts the log. */
const NO_EVENT = '00000000-0000-0000-0000-000000000000';

/**
 * Continues with a log that is not the one from which the database was derived. Consumers that act go on after the newest
 * event that they are known to have processed, found by its id; what follows is processed again, which changes nothing
 * that is stored already. Views are rebuilt. May be repeated after an interruption. A no-op for the log of this database.
 * @param renewEpoch what clients know of positions belongs to the other log
 * @throws Refusal `processes-running`
 */
export async function adoptLog(
  { pool, store, locks, rebuilder }: { pool: pg.Pool; store: EventStore; locks: LockSession; rebuilder: Rebuilder },
  views: readonly View[],
  renewEpoch: () => Promise<unknown>,
  progress?: Progress,
  signal?: AbortSignal,
): Promise<AdoptedLog> {
  const { rows: checkpoints } = await pool.query(
    `SELECT follower AS consumer, lane, position::float8 AS position, event_position::float8 AS noted, event_id AS "eventId"
     FROM projections.checkpoints WHERE follower NOT LIKE 'view:%' ORDER BY follower`,
  );
  await refuseRunning(
    locks,
    checkpoints.map(({ consumer }) => consumer),
  );
  if (!(await isInterrupted(pool)) && (await new LogContinuity(pool, store).isSame()))
    return { adopted: false, head: await store.head(), consumers: [], views: [] };
  // Before anything else, so that a repetition after an interruption finds no log of this database without it.
  await renewEpoch();
  const { rows: marks } = await pool.query(
    'SELECT position::float8 AS position, event_id AS "eventId" FROM projections.log_marks ORDER BY position DESC',
  );
  const wanted = new Set<string>([...checkpoints, ...marks].flatMap(({ eventId }) => eventId ?? []));
  const { places, last } = await findEvents(store, wanted, signal);
  const consumers: (AdoptedLog['consumers'][number] & { lane: number; place?: Place })[] = checkpoints.map(
    (checkpoint) => {
      const passed = [
        ...(checkpoint.eventId === null ? [] : [{ position: checkpoint.noted, eventId: checkpoint.eventId }]),
        ...marks.filter(({ position }) => position <= checkpoint.position),
      ];
      const found = passed.find(({ eventId }) => places.has(eventId));
      const after = found ? places.get(found.eventId)! : 0;
      return {
        consumer: checkpoint.consumer,
        lane: checkpoint.lane,
        before: checkpoint.position,
        after,
        known: found !== undefined || checkpoint.position === 0,
        ...(found && { place: { position: after, eventId: found.eventId } }),
      };
    },
  );
  await inTransaction(pool, async (client) => {
    for (const { consumer, lane, after, place } of consumers) {
      await client.query(
        `UPDATE projections.checkpoints SET position = $3, event_position = $4, event_id = $5, epoch = epoch + 1
         WHERE follower = $1 AND lane = $2`,
        [consumer, lane, after, place?.position ?? null, place?.eventId ?? null],
      );
    }
    await client.query(
      `UPDATE projections.checkpoints SET position = $1, event_position = $1, event_id = $2, epoch = epoch + 1
       WHERE follower LIKE 'view:%'`,
      [last?.position ?? 0, NO_EVENT],
    );
    // A reactor reads a parked key from its event on, which the log may lack; after its checkpoint moved back it parks it again.
    await client.query("DELETE FROM projections.parked WHERE follower NOT LIKE 'view:%'");
    await client.query('DELETE FROM projections.log_marks');
    await client.query('TRUNCATE facts.ids, facts.lanes');
  });
  const differences: AdoptedLog['views'] = [];
  await rebuilder.rebuild(views, progress, signal, async (live, by) => {
    differences.push({ view: live.view.name, ...(await live.tables.lackedBy(by.tables, pool, LISTED_KEYS)) });
  });
  await removeOtherBuilds(pool, views);
  await new LogContinuity(pool, store).note();
  return {
    adopted: true,
    head: last?.position ?? 0,
    consumers: consumers.map(({ consumer, before, after, known }) => ({ consumer, before, after, known })),
    views: differences,
  };
}

/** Removes what is derived from the other log and was not rebuilt: builds of other versions, and of views of other releases. */
async function removeOtherBuilds(pool: pg.Pool, views: readonly View[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query('SELECT view AS name, version, build, live FROM projections.builds');
    for (const { build, live, ...view } of rows) {
      const isRebuilt = live && views.some(({ name, version }) => name === view.name && version === view.version);
      if (!isRebuilt) await remove(client, view, build, live);
    }
    await client.query('DELETE FROM projections.checkpoints WHERE event_id = $1', [NO_EVENT]);
  });
}

async function isInterrupted(pool: pg.Pool): Promise<boolean> {
  const { rowCount } = await pool.query('SELECT FROM projections.checkpoints WHERE event_id = $1 LIMIT 1', [NO_EVENT]);
  return rowCount! > 0;
}

/** Holds what running processes hold, so that none of them works meanwhile. @throws StoreUnavailable */
async function refuseRunning(locks: LockSession, consumers: readonly string[]): Promise<void> {
  for (const name of [...ALL_SHARDS.map(projectorLock), ...new Set(consumers)]) {
    if (await locks.hold(name)) continue;
    throw new Refusal('processes-running', `another process still holds ${name}: stop every process, then try again`);
  }
}

/** The positions of events, by id, and the last event of the log. */
async function findEvents(store: EventStore, wanted: ReadonlySet<string>, signal?: AbortSignal) {
  const places = new Map<string, Position>();
  let last: Place | undefined;
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    const { events, next } = await store.readAll(after, { limit: PAGE });
    for (const { id, position } of events) if (wanted.has(id)) places.set(id, position);
    const newest = events.at(-1);
    if (newest) last = { position: newest.position, eventId: newest.id };
    if (next === after) return { places, last };
    after = next;
  }
}
