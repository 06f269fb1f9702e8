import type pg from 'pg';
import type { StoredEvents } from '../../events/stored-events.js';
import { batched } from '../../kernel/batched.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { eventLoop } from '../../kernel/event-loop.js';
import { FEW_EVENTS } from '../../kernel/fact-limits.js';
import type { Nonces } from '../../kernel/ids.js';
import { isTransientDatabaseError } from '../../kernel/transient.js';
import { Changes } from '../../kernel/wait.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { type Connection, openPool } from '../../platform/database/connection.js';
import {
  type EventStore,
  EventsRefused,
  type NextOptions,
  type Page,
  type ReadAllOptions,
  type StreamWrite,
  UnknownPosition,
  type WriteResult,
} from '../event-store.js';
import { type StoredText, storedText } from '../stored-text.js';
import { type AppendJob, AppendQueue } from './append-queue.js';
import { AS_TEXT, appendParameters, isoTime, NO_STREAM, numbers, type Row, toEvent, toEvents } from './event-rows.js';
import { HeadNotifications } from './head-notifications.js';
import { OwnAppends } from './own-appends.js';
import {
  APPEND,
  HEAD,
  PLACES,
  READ_ALL,
  READ_POSITIONS,
  READ_STREAMS,
  READ_TAIL,
  READ_TYPES,
  SCAN_WINDOW,
} from './statements.js';

const DEFAULT_PAGE = 1_000;
const STREAM_PAGE = 500;
/** Time in which a running append of this process may still fill a gap before one that has returned. */
const GAP_MS = 20;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Timeout of a statement that reads no page of the log: it takes milliseconds, and a caller waits for it. */
const ANSWER_MS = 10_000;
const LONGEST_READ_MS = STATEMENT_TIMEOUT_MS + 1_000;
const UNIQUE_VIOLATION = '23505';
/** Slices of streams in one query. */
const MOST_STREAMS = 128;
/** Leaves connections for other queries; more would only queue in the server. */
const READS_AT_ONCE = 2;
/** Approximate bytes of an event's objects beyond their JSON text. */
const EVENT_OVERHEAD_BYTES = 600;

interface StreamSlice {
  stream: string;
  from: number;
  limit: number;
}

/** The event store in PostgreSQL >= 15, for one process or many. */
export class PostgresEventStore implements EventStore {
  private readonly pool: pg.Pool;
  private readonly queue = new AppendQueue((jobs) => this.send(jobs));
  private readonly readSlice = batched((slices: readonly StreamSlice[]) => this.loadStreams(slices), {
    most: MOST_STREAMS,
    atOnce: READS_AT_ONCE,
  });
  private readonly own = new OwnAppends();
  private readonly ownProcesses = new Set<number | undefined>();
  private readonly growth = new Changes();
  private readonly notifications: HeadNotifications;
  /** The newest position that others may have appended. */
  private others: Position = 0;

  /**
   * @param connection for node-postgres; the schema must have been migrated
   * @param stored marks events that can't be used; without it every event counts as usable
   * @param nonces none for a copy of a log, which keeps its events as they are
   */
  constructor(
    connection: Connection,
    private readonly stored?: StoredEvents,
    private readonly nonces?: Nonces,
  ) {
    this.pool = openPool(connection, {
      max: 6,
      connectionTimeoutMillis: 5_000,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'gatehouse-log',
    });
    this.pool.on('error', () => {}); // an idle connection broke; the next query opens another
    this.pool.on('connect', (client) => this.ownProcesses.add(processOf(client)));
    this.pool.on('remove', (client) => this.ownProcesses.delete(processOf(client)));
    this.notifications = new HeadNotifications(
      connection,
      () => this.head(),
      (position, processId) => {
        if (processId === undefined || !this.ownProcesses.has(processId)) this.noteOthers(position);
      },
    );
  }

  async append(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    for (const { stream } of writes) this.stored?.requireOurs(stream);
    return writes.length === 0 ? Promise.resolve([]) : this.queue.push(writes);
  }

  async readStream(stream: string, from = 0, limit = Number.MAX_SAFE_INTEGER): Promise<RecordedEvent[]> {
    const events = await this.readSlice({ stream, from, limit: Math.min(limit, STREAM_PAGE) });
    while (events.length < limit && events.length > 0 && events.length % STREAM_PAGE === 0) {
      const more = await this.readSlice({
        stream,
        from: from + events.length,
        limit: Math.min(limit - events.length, STREAM_PAGE),
      });
      events.push(...more);
      if (more.length === 0) break;
    }
    return events;
  }

  async readStreamTail(stream: string, limit: number): Promise<RecordedEvent[]> {
    return (await this.rows(READ_TAIL, [stream, limit])).map((row) => toEvent(row, this.stored));
  }

  async readAll(position: Position, { types, limit = DEFAULT_PAGE, including }: ReadAllOptions = {}): Promise<Page> {
    const after = including ? position - 1 : position;
    const rows = types
      ? await this.rows(READ_TYPES, [after, limit, types], LONGEST_READ_MS)
      : await this.rows(READ_ALL, [after, limit], LONGEST_READ_MS);
    const head = Number(rows[0]![0]);
    if (after > head) throw new UnknownPosition(after);
    const events = rows[0]![1] === null ? [] : await toEvents(rows, this.stored);
    const size = events.length > 0 && { bytes: sizeOf(rows) };
    const full = events.length === limit;
    const scanned = types ? Math.min(after + SCAN_WINDOW, head) : head;
    const next = full ? events.at(-1)!.position : Math.max(after, scanned);
    return { events, next, atHead: next >= head, ...size };
  }

  async readPositions(positions: readonly Position[]): Promise<RecordedEvent[]> {
    if (positions.length === 0) return [];
    return toEvents(await this.rows(READ_POSITIONS, [arrayParameter('int8', positions)]), this.stored);
  }

  async head(): Promise<Position> {
    const rows = await this.rows(HEAD, []);
    return Number(rows[0]![0]);
  }

  async readNext(after: Position, { limit = DEFAULT_PAGE, waitMs, signal }: NextOptions): Promise<Page> {
    this.notifications.listen();
    const isReadable = () => this.others > after || this.own.gapAfter(after) === 0;
    await this.growth.until(() => isReadable() || this.own.gapAfter(after) !== undefined, waitMs, signal);
    if (this.own.gapAfter(after) !== undefined) await this.growth.until(isReadable, GAP_MS, signal);
    if (signal.aborted) return { events: [], next: after, atHead: false };
    const { events, bytes } = this.own.take(after, limit);
    if (events.length > 0) return { events, next: events.at(-1)!.position, atHead: false, bytes };
    if (this.others === Number.POSITIVE_INFINITY) this.others = 0;
    const gap = this.own.gapAfter(after);
    const page = await this.readAll(after, { limit: Math.min(limit, gap ?? limit) });
    // There is more than a page: the next call must not wait for a notification.
    if (!page.atHead && gap === undefined) this.noteOthers(page.next + 1);
    return page;
  }

  /** Those of any events, not only of facts. */
  async placesOf(ids: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    return new Map([...(await this.lookUp(ids))].map(([id, { position }]) => [id, position]));
  }

  async close(): Promise<void> {
    await this.notifications.close();
    await this.pool.end();
  }

  /** Sends jobs as one statement and settles each; never rejects. */
  private async send(jobs: readonly AppendJob[]): Promise<void> {
    try {
      const results = await this.appendWrites(jobs.flatMap((job) => job.writes));
      let taken = 0;
      for (const job of jobs) {
        job.resolve(results.slice(taken, taken + job.writes.length));
        taken += job.writes.length;
      }
    } catch (error) {
      const isOfOne = (error as { code?: string }).code === UNIQUE_VIOLATION || error instanceof EventsRefused;
      if (isOfOne && jobs.length > 1) {
        for (const job of jobs) await this.send([job]);
      } else {
        const known = storeError(error);
        for (const job of jobs) job.reject(known);
        if (known instanceof StoreUnavailable) {
          this.queue.refuseWaiting(known);
          this.noteOthers(Number.POSITIVE_INFINITY); // they may be stored, at an unknown position
        }
      }
    }
  }

  private async appendWrites(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    // Decisions don't yield, however many go together: their events are few, and a caller waits for each.
    if (writes.some(({ events }) => events.length > FEW_EVENTS)) await eventLoop.yield();
    const encoded = writes.map((write) => write.events.map((event) => storedText(event, this.nonces)));
    let answer: { actual: (number | null)[] | null; base: (number | null)[] | null; recordedAt: string };
    try {
      const [row] = await this.rows(APPEND, appendParameters(writes, encoded));
      answer = { actual: numbers(row![0]), base: numbers(row![1]), recordedAt: isoTime(row![2] as string) };
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      if (writes.length === 1) return [await this.placeOf(writes[0]!, undefined)];
      const results: WriteResult[] = [];
      for (const write of writes) results.push(...(await this.appendWrites([write])));
      return results;
    }
    return Promise.all(
      writes.map((write, i) => {
        const base = answer.base?.[i];
        const actual = Number(answer.actual?.[i]);
        if (base === null || base === undefined) return this.placeOf(write, actual);
        this.remember(write, encoded[i]!, actual, Number(base), answer.recordedAt);
        return {
          outcome: 'appended' as const,
          revision: actual + write.events.length,
          position: Number(base) + write.events.length,
          consecutive: true,
        };
      }),
    );
  }

  private remember(
    write: StreamWrite,
    encoded: StoredText[],
    revision: number,
    base: Position,
    recordedAt: string,
  ): void {
    const { stream } = write;
    // Field by field: a spread here was the costliest line of an append.
    const events = write.events.map(({ id, type, data, metadata }, n) => ({
      id,
      type,
      data,
      metadata,
      stream,
      revision: revision + 1 + n,
      position: base + 1 + n,
      recordedAt: metadata.recordedat ?? recordedAt,
    }));
    let bytes = 0;
    for (const { data, metadata } of encoded) bytes += data.length + metadata.length + EVENT_OVERHEAD_BYTES;
    this.own.offer(events, bytes);
    this.growth.notify();
  }

  private noteOthers(position: Position): void {
    this.others = Math.max(this.others, position);
    this.growth.notify();
  }

  /** Distinguishes a repeated write (its ids are at its revision) from one that is too late or reuses an id. */
  private async placeOf(write: StreamWrite, actual: number | undefined): Promise<WriteResult> {
    const wrong = (revision: number): WriteResult => ({
      outcome: 'wrong-expected-revision',
      actual: revision === NO_STREAM ? 'no-stream' : revision,
    });
    const places = await this.lookUp(write.events.map((event) => event.id));
    const first = places.get(write.events[0]?.id ?? '');
    const wanted = write.expected === 'any' ? first?.revision : write.expected === 'no-stream' ? 0 : write.expected + 1;
    const repeated = write.events.every((event, n) => {
      const place = places.get(event.id);
      return place?.name === write.stream && place.revision === (wanted ?? 0) + n;
    });
    if (repeated && first) {
      const last = places.get(write.events.at(-1)!.id)!;
      return { outcome: 'already-appended', revision: last.revision, position: last.position };
    }
    if (actual !== undefined) return wrong(actual);
    if (places.size > 0) {
      const known = new Map([...places].map(([id, place]) => [id, place.position]));
      return { outcome: 'duplicate-event-id', known };
    }
    const tail = await this.readStreamTail(write.stream, 1);
    return wrong(tail[0]?.revision ?? NO_STREAM);
  }

  private async lookUp(ids: readonly string[]) {
    const rows = await this.rows(PLACES, [arrayParameter('uuid', ids)]);
    return new Map(
      rows.map(([id, name, revision, position]) => [
        id,
        { name, revision: Number(revision), position: Number(position) },
      ]),
    );
  }

  private async loadStreams(slices: readonly StreamSlice[]): Promise<RecordedEvent[][]> {
    const rows = await this.rows(READ_STREAMS, [
      arrayParameter(
        'text',
        slices.map((slice) => slice.stream),
      ),
      arrayParameter(
        'int8',
        slices.map((slice) => slice.from),
      ),
      arrayParameter(
        'int8',
        slices.map((slice) => slice.limit),
      ),
    ]);
    const found: RecordedEvent[][] = slices.map(() => []);
    for (const row of rows) found[Number(row[0]) - 1]!.push(toEvent(row, this.stored));
    return found;
  }

  private async rows(query: { name: string; text: string }, values: unknown[], longestMs = ANSWER_MS): Promise<Row[]> {
    try {
      const asked = { ...query, values, rowMode: 'array' as const, types: AS_TEXT, query_timeout: longestMs };
      const result = await this.pool.query(asked);
      return result.rows as Row[];
    } catch (error) {
      if ((error as { code?: string }).code === UNIQUE_VIOLATION) throw error;
      throw storeError(error);
    }
  }
}

const storeError = (error: unknown): unknown =>
  isTransientDatabaseError(error)
    ? new StoreUnavailable(`the event store does not answer: ${(error as Error).message}`, { cause: error })
    : error;

/** Approximate memory of a page. */
const sizeOf = (rows: readonly Row[]): number =>
  rows.reduce(
    (sum, [, , , , , , , data, metadata]) => sum + (data?.length ?? 0) + (metadata?.length ?? 0) + EVENT_OVERHEAD_BYTES,
    0,
  );

/** The server process of a connection, which identifies its notifications. */
const processOf = (client: pg.PoolClient): number | undefined => (client as { processID?: number }).processID;
