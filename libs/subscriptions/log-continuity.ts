import type pg from 'pg';
import { type EventStore, UnknownPosition } from '../event-store/event-store.js';
import type { Position } from '../kernel/envelope.js';
import { Unavailable } from '../kernel/errors.js';
import { pause } from '../kernel/wait.js';

/** The log is not the one that the database was derived from: an older copy, or another log. */
export class LogMismatch extends Unavailable {
  constructor(message: string) {
    super('log-mismatch', message);
  }
}

export interface ContinuityReport {
  mismatch(error: LogMismatch): void;
  /** The log could not be compared; it is repeated. */
  error(error: unknown): void;
}

interface Progress {
  consumer: string;
  position: Position;
  /** The newest place of which the event's id is known. */
  noted?: { position: Position; eventId: string };
}

/** Keeps one mark of each hour after a day. */
const PRUNE = `DELETE FROM projections.log_marks m
  WHERE noted_at < now() - interval '24 hours' AND EXISTS (
    SELECT FROM projections.log_marks o
    WHERE date_trunc('hour', o.noted_at) = date_trunc('hour', m.noted_at) AND o.position < m.position)`;
/**
 * Consumers move several checkpoints in one statement, in an order of their own: waiting for one of them while others are
 * locked would be a deadlock. What is being moved is noted at its next position.
 */
const NOTE = `UPDATE projections.checkpoints c SET event_position = $1, event_id = $2
  FROM (SELECT follower, lane FROM projections.checkpoints WHERE position = $1 FOR UPDATE SKIP LOCKED) free
  WHERE c.follower = free.follower AND c.lane = free.lane`;
const CHECK_EVERY_MS = 2_000;
/** A store that was just restored or elected may answer before it is complete. */
const CONFIRM_AFTER_MS = 1_000;

/**
 * Compares the log with what the consumers know of it: the log must hold the event at each one's position.
 * Notes the ids of those events.
 */
export class LogContinuity {
  constructor(
    private readonly pool: pg.Pool,
    private readonly store: EventStore,
  ) {}

  /** @throws LogMismatch */
  async check(): Promise<void> {
    const first = await this.difference();
    if (first === undefined) return;
    await pause(CONFIRM_AFTER_MS);
    const again = await this.difference();
    if (again !== undefined) throw new LogMismatch(again);
  }

  /**
   * Checks and notes regularly until the signal aborts, or the log is no longer the same one.
   */
  async watch(signal: AbortSignal, report: ContinuityReport): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.check();
        await this.note();
      } catch (error) {
        if (error instanceof LogMismatch) return report.mismatch(error);
        if (!signal.aborted) report.error(error);
      }
      await pause(CHECK_EVERY_MS, signal);
    }
  }

  /**
   * Whether the log is known to be the same one: of each consumer the event that it has processed last is known, not only an
   * earlier one, after which another log may differ; and the log holds it.
   */
  async isSame(): Promise<boolean> {
    const consumers = await this.consumers();
    const isKnown = consumers.every(({ position, noted }) => noted?.position === position);
    return isKnown && (await this.difference()) === undefined;
  }

  /** Notes the id of the event at each consumer's position. */
  async note(): Promise<void> {
    const { rows } = await this.pool.query(
      `SELECT DISTINCT position FROM projections.checkpoints
       WHERE position > 0 AND event_position IS DISTINCT FROM position ORDER BY position`,
    );
    for (const position of rows.map((row) => Number(row.position))) {
      const eventId = await eventIdAt(this.store, position);
      if (eventId === undefined) continue; // the next check says so
      await this.pool.query(NOTE, [position, eventId]);
      const { rowCount } = await this.pool.query(
        `INSERT INTO projections.log_marks (position, event_id) SELECT $1, $2
         WHERE NOT EXISTS (SELECT FROM projections.log_marks WHERE noted_at > now() - interval '1 minute')
         ON CONFLICT DO NOTHING`,
        [position, eventId],
      );
      if (rowCount) await this.pool.query(PRUNE);
    }
  }

  /** One line that names both sides and the remedy; undefined if the log is the same one. */
  private async difference(): Promise<string | undefined> {
    const consumers = await this.consumers();
    if (consumers.length === 0) return undefined;
    const head = await this.store.head();
    const found = new Map<Position, string | undefined>();
    for (const { consumer, position, noted } of consumers) {
      const known = noted ? `${consumer} has processed event ${noted.eventId} at ${noted.position}` : undefined;
      const furthest = Math.max(position, noted?.position ?? 0);
      if (furthest > head) return explain(known ?? `${consumer} is at ${position}`, `ends at ${head}`);
      if (!noted) continue;
      if (!found.has(noted.position)) found.set(noted.position, await eventIdAt(this.store, noted.position));
      const eventId = found.get(noted.position);
      if (eventId !== noted.eventId) return explain(known!, eventId ? `has ${eventId} there` : 'has no event there');
    }
    return undefined;
  }

  private async consumers(): Promise<Progress[]> {
    const { rows } = await this.pool.query(
      `SELECT DISTINCT follower AS consumer, position, event_position, event_id FROM projections.checkpoints
       WHERE position > 0 ORDER BY follower`,
    );
    return rows.map(({ consumer, position, event_position, event_id }) => ({
      consumer,
      position: Number(position),
      ...(event_id !== null && { noted: { position: Number(event_position), eventId: event_id } }),
    }));
  }
}

const explain = (database: string, log: string): string =>
  `this log is not the one that the database was derived from: ${database}, but the log ${log}; connect the log ` +
  'that belongs to this database, or stop every process and run "gatehouse adopt-log" to go on with this log';

/** The id of the event at a position; undefined if no event is there. */
export async function eventIdAt(store: EventStore, position: Position): Promise<string | undefined> {
  try {
    const { events } = await store.readAll(position, { including: true, limit: 1 });
    return events[0]?.position === position ? events[0].id : undefined;
  } catch (error) {
    if (error instanceof UnknownPosition) return undefined;
    throw error;
  }
}
