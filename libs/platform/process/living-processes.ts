import { hostname } from 'node:os';
import { pause, within } from '../../kernel/wait.js';
import type { Pool } from '../database/database.js';
import { MAX_AGE_MS } from '../key-store/key-store.js';

export const PROCESS_ROLES = ['gateway', 'projector', 'reactor', 'ingester', 'publisher'] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];

/** A process that was seen within the last seconds. */
export interface LivingProcess {
  /** Several if it does the work of several roles. */
  roles: ProcessRole[];
  /** The name of its machine and its process id there. */
  host: string;
  pid: number;
  version: string;
  startedAt: Date;
  seenAt: Date;
  /** The epoch of the key store whose keys it may use; null for a process of an earlier version. */
  keyEpoch: number | null;
}

const BEAT_MS = 5_000;
/** Three missed heartbeats. */
const SILENT_AFTER_MS = 15_000;
const KEPT = '1 hour';
/** A stop must not wait for a database that does not answer. */
const LEAVING_MS = 1_000;

const BEAT = `
  INSERT INTO platform.processes AS p (id, roles, host, pid, version, key_epoch) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp(), key_epoch = excluded.key_epoch`;
const FORGET = `DELETE FROM platform.processes WHERE seen_at < clock_timestamp() - interval '${KEPT}'`;
const LEAVE = 'DELETE FROM platform.processes WHERE id = $1';
const LIVING = `
  SELECT roles, host, pid, version, started_at AS "startedAt", seen_at AS "seenAt",
    key_epoch::float8 AS "keyEpoch" FROM platform.processes
  WHERE seen_at > clock_timestamp() - $1 * interval '1 millisecond' ORDER BY started_at, id`;

export interface LivingPart {
  id: string;
  roles: readonly ProcessRole[];
  version: string;
  /** Drops the keys that were destroyed. @returns the epoch of the key store */
  keyEpoch(): Promise<number>;
}

export interface Heartbeat {
  /** Notes it at once. */
  beat(): Promise<void>;
  ended: Promise<void>;
}

/**
 * Notes every few seconds that this process lives, by the time of the database, until the signal aborts. The first note is
 * written when it resolves. Each says which keys the process has dropped. Errors are no concern of the process: it is not seen while the database does not answer.
 */
export async function keepAlive(
  pool: Pool,
  { id, roles, version, keyEpoch }: LivingPart,
  signal: AbortSignal,
): Promise<Heartbeat> {
  const beat = async () => {
    try {
      await pool.query(BEAT, [id, roles, hostname(), process.pid, version, await keyEpoch()]);
    } catch {} // it is not seen until the next one
  };
  await beat();
  await pool.query(FORGET).catch(() => {});
  const untilAborted = async () => {
    for (;;) {
      await pause(BEAT_MS, signal);
      if (signal.aborted) break;
      await beat();
    }
    const left = () => pool.query(LEAVE, [id]);
    await within(LEAVING_MS, left, () => new Error('no answer')).catch(() => {});
  };
  return { beat, ended: untilAborted() };
}

/** In the order of their start. @param silentMs how long one may have been silent */
export async function livingProcesses(pool: Pool, silentMs = SILENT_AFTER_MS): Promise<LivingProcess[]> {
  return (await pool.query<LivingProcess>(LIVING, [silentMs])).rows;
}

/** Those that may still have keys in memory: one that is silent may go on decrypting until it has to look. */
export const processesWithKeys = (pool: Pool): Promise<LivingProcess[]> =>
  livingProcesses(pool, MAX_AGE_MS + SILENT_AFTER_MS);
