import type pg from 'pg';
import { batched } from '../kernel/batched.js';
import type { Position } from '../kernel/envelope.js';
import { arrayParameter } from '../platform/database/array-parameters.js';

/** Another process took over this consumer or shard, or moved its checkpoint: the transaction is rolled back. */
export class Fenced extends Error {}

export interface Checkpoint {
  consumer: string;
  shard: number;
  position: Position;
  epoch: number;
}

/** An event that is being processed. */
export interface Work {
  position: Position;
  type: string;
  key: string;
  /** When its processing began, RFC 3339. */
  since: string;
}

/** An event that failed and is processed again until it succeeds. `since` is when it failed first. */
export interface Retry extends Work {
  /** The number of failures. */
  failures: number;
}

/** How far a reactor is: its keys don't wait for each other, so it may have finished much beyond its position. */
export interface ReactorProgress {
  /** Everything up to here is finished, in every shard. */
  position: Position;
  /** Events that are finished beyond the oldest unfinished one. */
  finished: number;
  /** The oldest event that is retried. */
  retrying?: Retry | undefined;
  /** Whether the oldest unfinished event is being processed and has not failed, or a parked key is retried. */
  isWorking: boolean;
  /** The event that has been processed for longest without a failure. */
  workingOn?: Work | undefined;
}

export interface ParkedKey {
  consumer: string;
  key: string;
  position: Position;
  eventId: string;
  eventType: string;
  error: string;
}

type Queryable = Pick<pg.Pool, 'query'>;

// The columns are named as in the first release: `follower` is the consumer and `lane` the shard.

const MOVE = {
  name: 'gatehouse_move_checkpoints',
  text: `UPDATE projections.checkpoints c SET position = $4, moved_at = now()
         FROM unnest($1::text[], $2::int[], $3::bigint[], $5::bigint[]) n(follower, lane, position, epoch)
         WHERE c.follower = n.follower AND c.lane = n.lane AND c.position = n.position AND c.epoch = n.epoch`,
};

const STORE_PROGRESS = {
  name: 'gatehouse_store_progress',
  text: `UPDATE projections.checkpoints c
         SET position = n.reached, moved_at = now(), finished = n.finished, retrying = n.retrying, working = n.working,
             working_on = n.working_on
         FROM json_to_recordset($1) n(consumer text, shard int, position bigint, epoch bigint, reached bigint,
                                      finished bigint, retrying json, working boolean, working_on json)
         WHERE c.follower = n.consumer AND c.lane = n.shard AND c.position = n.position AND c.epoch = n.epoch
         RETURNING c.follower AS consumer, c.lane AS shard`,
};
/** Consumers whose progress is stored in one statement. */
const MOST_STORED = 100;
/** What a reactor retries or works on is stored each second. If it is older than this, the reactor does not run. */
const SILENT_MS = 10_000;

/** Creates checkpoints before the first event; existing ones stay. */
export async function startCheckpoints(db: Queryable, consumer: string, shards: readonly number[]): Promise<void> {
  await db.query(
    `INSERT INTO projections.checkpoints (follower, lane, position) SELECT $1, lane, 0 FROM unnest($2::int[]) lane
     ON CONFLICT DO NOTHING`,
    [consumer, shards],
  );
}

/**
 * Takes shards over and fences off their previous owner.
 * @throws Fenced if they are gone: a build that was abandoned meanwhile must not restart from the first event
 */
export async function takeOverCheckpoints(
  db: Queryable,
  consumer: string,
  shards: readonly number[],
): Promise<Checkpoint[]> {
  const { rows } = await db.query(
    `UPDATE projections.checkpoints SET epoch = epoch + 1 WHERE follower = $1 AND lane = ANY($2::int[])
     RETURNING lane, position, epoch`,
    [consumer, shards],
  );
  if (rows.length !== shards.length) throw new Fenced(`${consumer} was removed by another process`);
  return rows.map((row) => ({
    consumer,
    shard: row.lane,
    position: Number(row.position),
    epoch: Number(row.epoch),
  }));
}

/** The same for a consumer without a build step: the first takeover creates its checkpoints. */
export async function takeOver(db: Queryable, consumer: string, shards: readonly number[]): Promise<Checkpoint[]> {
  await startCheckpoints(db, consumer, shards);
  return takeOverCheckpoints(db, consumer, shards);
}

/**
 * Moves checkpoints to one position, in the caller's transaction.
 * @throws Fenced if any of them is not where its owner left it
 */
export async function moveCheckpoints(db: Queryable, checkpoints: readonly Checkpoint[], to: Position): Promise<void> {
  const { rowCount } = await db.query({
    ...MOVE,
    values: [
      arrayParameter(
        'text',
        checkpoints.map((one) => one.consumer),
      ),
      arrayParameter(
        'int4',
        checkpoints.map((one) => one.shard),
      ),
      arrayParameter(
        'int8',
        checkpoints.map((one) => one.position),
      ),
      to,
      arrayParameter(
        'int8',
        checkpoints.map((one) => one.epoch),
      ),
    ],
  });
  if (rowCount !== checkpoints.length) {
    throw new Fenced(
      `${checkpoints.length - (rowCount ?? 0)} of ${checkpoints.length} checkpoints were moved by another process`,
    );
  }
}

interface Progress {
  checkpoint: Checkpoint;
  progress: ReactorProgress;
}

/** By pool: the reactors of a process store their progress at the same times, and in one statement. */
const progressStores = new WeakMap<Queryable, (progress: Progress) => Promise<boolean>>();

/** Stores how far a reactor is. @throws Fenced as `moveCheckpoints` */
export async function storeProgress(db: Queryable, checkpoint: Checkpoint, progress: ReactorProgress): Promise<void> {
  let store = progressStores.get(db);
  if (!store) {
    store = batched((all) => storeAll(db, all), { most: MOST_STORED, atOnce: 1 });
    progressStores.set(db, store);
  }
  if (await store({ checkpoint: { ...checkpoint }, progress })) return;
  throw new Fenced(`the checkpoint of ${checkpoint.consumer} was moved by another process`);
}

/** @returns for each whether its checkpoint was where its owner left it */
async function storeAll(db: Queryable, all: readonly Progress[]): Promise<boolean[]> {
  const rows = all.map(({ checkpoint, progress }) => ({
    consumer: checkpoint.consumer,
    shard: checkpoint.shard,
    position: checkpoint.position,
    epoch: checkpoint.epoch,
    reached: progress.position,
    finished: progress.finished,
    retrying: progress.retrying,
    working: progress.isWorking,
    working_on: progress.workingOn,
  }));
  const stored = await db.query({ ...STORE_PROGRESS, values: [JSON.stringify(rows)] });
  return all.map(({ checkpoint: { consumer, shard } }) =>
    stored.rows.some((row) => row.consumer === consumer && row.shard === shard),
  );
}

/** How far each consumer is, in whichever process it runs. One that is no reactor has finished nothing beyond its position. */
export async function progressOfAll(db: Queryable): Promise<Map<string, ReactorProgress>> {
  const { rows } = await db.query(
    `SELECT follower AS consumer, min(position) AS position, sum(finished) AS finished,
            (min(retrying::text) FILTER (WHERE alive))::json AS retrying, bool_or(working AND alive) AS working,
            (min(working_on::text) FILTER (WHERE alive))::json AS working_on
     FROM projections.checkpoints, LATERAL (SELECT moved_at > now() - $1 * interval '1 millisecond' AS alive) a
     GROUP BY follower ORDER BY follower`,
    [SILENT_MS],
  );
  return new Map(
    rows.map(({ consumer, position, finished, retrying, working, working_on: workingOn }) => [
      consumer,
      {
        position: Number(position),
        finished: Number(finished),
        ...(retrying && { retrying }),
        isWorking: working,
        ...(workingOn && { workingOn }),
      },
    ]),
  );
}

/** How far a consumer is: everything up to its position is done, except the events of its parked keys from theirs on. */
export interface ConsumerProgress {
  position: Position;
  parked: Pick<ParkedKey, 'key' | 'position'>[];
}

/** A consumer's position and the keys it has parked, in one snapshot. */
export async function positionAndParked(db: Queryable, consumer: string): Promise<ConsumerProgress> {
  const { rows } = await db.query({
    name: 'gatehouse_position_and_parked',
    text: `SELECT coalesce((SELECT min(position) FROM projections.checkpoints WHERE follower = $1), 0) AS position,
            (SELECT coalesce(json_agg(json_build_object('key', key, 'position', position)), '[]')
             FROM projections.parked WHERE follower = $1) AS parked`,
    values: [consumer],
  });
  return { position: Number(rows[0].position), parked: rows[0].parked };
}

export async function parkedKeys(db: Queryable, consumer?: string): Promise<ParkedKey[]> {
  const { rows } = await db.query(
    `SELECT follower, key, position, event_id, event_type, error FROM projections.parked
     WHERE $1::text IS NULL OR follower = $1 ORDER BY follower, position`,
    [consumer ?? null],
  );
  return rows.map((row) => ({
    consumer: row.follower,
    key: row.key,
    position: Number(row.position),
    eventId: row.event_id,
    eventType: row.event_type,
    error: row.error,
  }));
}

export async function park(db: Queryable, parked: readonly ParkedKey[]): Promise<void> {
  await Promise.all(
    parked.map((one) =>
      db.query(
        `INSERT INTO projections.parked (follower, key, position, event_id, event_type, error)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
        [one.consumer, one.key, one.position, one.eventId, one.eventType, one.error],
      ),
    ),
  );
}
