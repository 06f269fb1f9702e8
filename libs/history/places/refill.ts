import type { Position } from '../../kernel/envelope.js';
import type { Pool } from '../../platform/database/database.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import type { LogTail } from '../../subscriptions/log-tail.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { INDEX_VERSION } from '../subjects.js';
import { storePlaces } from './store-places.js';

const PAGE = 1_000;
const LOOK_MS = 5_000;

const GAP = {
  name: 'gatehouse_gap_of_places',
  text: `SELECT filled, fill_to FROM history.indexed
         WHERE version = $1 AND version_epoch = epoch AND filled < fill_to`,
};
/** Where it was found: the index may have been taken up anew, with another gap. */
const FILL = {
  name: 'gatehouse_fill_places',
  text: `UPDATE history.indexed SET filled = least($2, fill_to)
         WHERE version = $3 AND version_epoch = epoch AND filled = $1 AND filled < fill_to`,
};

export interface SubjectIndexReport {
  indexed?(events: number): void;
  /** What an earlier version had indexed is indexed again, and up to here is. */
  refilled?(position: Position): void;
  /** Work stopped for a while; it continues from what is stored. */
  error?(error: unknown): void;
}

export interface SubjectIndexPorts {
  pool: Pool;
  log: LogTail;
  locks: LockSession;
}

/** Indexes again what an earlier version of the index lacks, while histories are read and new events are indexed. */
export class Refill {
  constructor(
    private readonly ports: SubjectIndexPorts,
    private readonly facts: ReadonlySet<string>,
    private readonly report: SubjectIndexReport,
  ) {}

  run(signal: AbortSignal): Promise<void> {
    const failed = (error: unknown) => this.report.error?.(error);
    const work = {
      name: 'subject-index-refill',
      everyMs: LOOK_MS,
      tick: (ends: AbortSignal) => this.tick(ends),
      failed,
    };
    return runPeriodically(work, signal, this.ports.locks);
  }

  /** Fills until no gap is left. */
  async tick(ends?: AbortSignal): Promise<void> {
    const { pool, log } = this.ports;
    for (let to: Position | undefined; !ends?.aborted; ) {
      const gap = await gapOf(pool);
      if (!gap) {
        if (to !== undefined) this.report.refilled?.(to);
        return;
      }
      to = gap.to;
      const { events, next, atHead } = await log.readAll(gap.from, { limit: PAGE });
      await storePlaces(pool, events, this.facts, true);
      await pool.query({ ...FILL, values: [gap.from, atHead ? gap.to : next, INDEX_VERSION] });
    }
  }
}

async function gapOf(pool: Pool): Promise<{ from: Position; to: Position } | undefined> {
  const { rows } = await pool.query({ ...GAP, values: [INDEX_VERSION] });
  return rows[0] && { from: Number(rows[0].filled), to: Number(rows[0].fill_to) };
}
