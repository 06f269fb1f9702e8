import type pg from 'pg';
import type { RecordedEvent } from '../kernel/envelope.js';
import { storable } from '../kernel/text-forms.js';
import { type Checkpoint, Fenced, type ParkedKey } from './checkpoints.js';

/** A parked key with the event and the error that caused it. */
export interface Parking extends ParkedKey {
  event: RecordedEvent;
  cause: unknown;
}

export function parkedBy(consumer: string, key: string, event: RecordedEvent, error: unknown): Parking {
  return {
    consumer,
    key,
    position: event.position,
    eventId: event.id,
    eventType: event.type,
    error: storable(error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
    event,
    cause: error,
  };
}

type Queryable = Pick<pg.Pool, 'query'>;

/** Parks a key, or moves a parked key to the event that fails now. */
export async function parkEvent(db: Queryable, { consumer, key, ...event }: ParkedKey): Promise<void> {
  await db.query(
    `INSERT INTO projections.parked (follower, key, position, event_id, event_type, error)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (follower, key) DO UPDATE
     SET position = excluded.position, event_id = excluded.event_id, event_type = excluded.event_type,
         error = excluded.error`,
    [consumer, key, event.position, event.eventId, event.eventType, event.error],
  );
}

/** The keys that have been parked for longer than that. */
export async function longParked(db: Queryable, ms: number): Promise<Pick<ParkedKey, 'consumer' | 'key'>[]> {
  const { rows } = await db.query(
    `SELECT follower AS consumer, key FROM projections.parked
     WHERE parked_at < now() - $1 * interval '1 millisecond' ORDER BY parked_at`,
    [ms],
  );
  return rows;
}

/** @throws Fenced if another process has taken the consumer over: it may have parked the key again */
export async function unparkEvent(db: Queryable, key: string, { consumer, shard, epoch }: Checkpoint): Promise<void> {
  const { rowCount } = await db.query(
    `DELETE FROM projections.parked p USING projections.checkpoints c
     WHERE p.follower = $1 AND p.key = $2 AND c.follower = p.follower AND c.lane = $3 AND c.epoch = $4`,
    [consumer, key, shard, epoch],
  );
  if (rowCount === 0) throw new Fenced(`${consumer} was taken over by another process`);
}
