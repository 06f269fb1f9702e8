import pg from 'pg';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { eventLoop } from '../../kernel/event-loop.js';
import { FEW_EVENTS } from '../../kernel/fact-limits.js';
import { isTransientDatabaseError } from '../../kernel/transient.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import {
  type EventStore,
  type Page,
  type ReadAllOptions,
  type StreamWrite,
  type SubscribeOptions,
  type WriteResult,
} from '../event-store.js';
import { type AppendJob, AppendQueue } from './append-queue.js';
import {
  AS_TEXT,
  appendParameters,
  type Encoded,
  encode,
  isoTime,
  NO_STREAM,
  numbers,
  type Row,
  toEvent,
} from './event-rows.js';
import { HeadWatch } from './head-watch.js';
import { APPEND, HEAD, PLACES, READ_ALL, READ_STREAMS, READ_TAIL, READ_TYPES, SCAN_WINDOW } from './statements.js';
import { StreamReader, type StreamSlice } from './stream-reader.js';
import { TailCache } from './tail-cache.js';

const DEFAULT_PAGE = 1_000;
const STREAM_PAGE = 500;
const IDLE_MS = 1_000;
const RETRY_MS = 500;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Of a statement that reads no page of the log; it takes milliseconds, and whoever asked waits for it. */
const ANSWER_MS = 10_000;
const LONGEST_READ_MS = STATEMENT_TIMEOUT_MS + 1_000;
const UNIQUE_VIOLATION = '23505';
/** Roughly what an event's objects take beyond their JSON text. */
const EVENT_OVERHEAD_BYTES = 600;

/** The event store in PostgreSQL >= 15, for one process or many. */
export class PostgresEventStore implements EventStore {
  private readonly pool: pg.Pool;
  private readonly queue = new AppendQueue((jobs) => this.send(jobs));
  private readonly reader = new StreamReader((slices) => this.loadStreams(slices));
  private readonly tail = new TailCache();
  private readonly watch: HeadWatch;

  /** @param connection as node-postgres takes it; the schema must have been migrated */
  constructor(connection: pg.PoolConfig) {
    this.pool = new pg.Pool({
      max: 6,
      connectionTimeoutMillis: 5_000,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
      ...connection,
      application_name: 'gatehouse-log',
    });
    this.pool.on('error', () => {}); // an idle connection broke; the next query opens another
    this.watch = new HeadWatch(connection, () => this.head());
  }

  append(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    return writes.length === 0 ? Promise.resolve([]) : this.queue.push(writes);
  }

  async readStream(stream: string, from = 0, limit = Number.MAX_SAFE_INTEGER): Promise<RecordedEvent[]> {
    const events = await this.reader.read(stream, from, Math.min(limit, STREAM_PAGE));
    while (events.length < limit && events.length > 0 && events.length % STREAM_PAGE === 0) {
      const more = await this.reader.read(stream, from + events.length, Math.min(limit - events.length, STREAM_PAGE));
      events.push(...more);
      if (more.length === 0) break;
    }
    return events;
  }

  async readStreamTail(stream: string, limit: number): Promise<RecordedEvent[]> {
    return (await this.rows(READ_TAIL, [stream, limit])).map(toEvent);
  }

  async readAll(position: Position, { types, limit = DEFAULT_PAGE, including }: ReadAllOptions = {}): Promise<Page> {
    const after = including ? position - 1 : position;
    const cached = this.tail.after(after, types ? SCAN_WINDOW : limit);
    if (cached) return this.pageOf(cached, types, limit);

    const rows = types
      ? await this.rows(READ_TYPES, [after, limit, types], LONGEST_READ_MS)
      : await this.rows(READ_ALL, [after, limit], LONGEST_READ_MS);
    const head = Number(rows[0]![0]);
    this.watch.advanceTo(head);
    const events = rows[0]![1] === null ? [] : rows.map(toEvent);
    const full = events.length === limit;
    const scanned = types ? Math.min(after + SCAN_WINDOW, head) : head;
    const next = full ? events.at(-1)!.position : Math.max(after, scanned);
    return { events, next, atHead: next >= head };
  }

  async head(): Promise<Position> {
    const rows = await this.rows(HEAD, []);
    return Number(rows[0]![0]);
  }

  async *subscribe(after: Position, { signal, ...options }: SubscribeOptions): AsyncGenerator<Page> {
    let position = after;
    while (!signal.aborted) {
      let page: Page;
      try {
        page = await this.readAll(position, options);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        await this.watch.pause(RETRY_MS, signal);
        continue;
      }
      position = page.next;
      yield page;
      if (page.atHead) await this.watch.waitPast(position, IDLE_MS, signal);
    }
  }

  async close(): Promise<void> {
    await this.watch.close();
    await this.pool.end();
  }

  /** Sends jobs as one statement and answers each; never rejects. */
  private async send(jobs: readonly AppendJob[]): Promise<void> {
    try {
      const results = await this.appendWrites(jobs.flatMap((job) => job.writes));
      let taken = 0;
      for (const job of jobs) {
        job.resolve(results.slice(taken, taken + job.writes.length));
        taken += job.writes.length;
      }
    } catch (error) {
      if ((error as { code?: string }).code === UNIQUE_VIOLATION && jobs.length > 1) {
        for (const job of jobs) await this.send([job]);
      } else {
        const known = storeError(error);
        for (const job of jobs) job.reject(known);
        if (known instanceof StoreUnavailable) this.queue.refuseWaiting(known);
      }
    }
  }

  private async appendWrites(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    // Decisions pass, however many go together: their events are few, and somebody waits for each.
    if (writes.some(({ events }) => events.length > FEW_EVENTS)) await eventLoop.yield();
    const encoded = writes.map((write) => write.events.map(encode));
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

  private remember(write: StreamWrite, encoded: Encoded[], revision: number, base: Position, recordedAt: string): void {
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
    this.tail.offer(events, bytes);
    this.watch.advanceTo(base + events.length);
  }

  /** Tells a repeated write (its ids stand where it asked for) from one that came too late or uses an id again. */
  private async placeOf(write: StreamWrite, actual: number | undefined): Promise<WriteResult> {
    const wrong = (revision: number): WriteResult => ({
      outcome: 'wrong-expected-revision',
      actual: revision === NO_STREAM ? 'no-stream' : revision,
    });
    const rows = await this.rows(PLACES, [
      arrayParameter(
        'uuid',
        write.events.map((event) => event.id),
      ),
    ]);
    const places = new Map(
      rows.map(([id, name, revision, position]) => [
        id,
        { name, revision: Number(revision), position: Number(position) },
      ]),
    );
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

  private pageOf(cached: readonly RecordedEvent[], types: readonly string[] | undefined, limit: number): Page {
    if (!types) {
      const next = cached.at(-1)!.position;
      return { events: cached as RecordedEvent[], next, atHead: next >= this.watch.known };
    }
    const wanted = new Set(types);
    const events: RecordedEvent[] = [];
    for (const event of cached) {
      if (!wanted.has(event.type)) continue;
      events.push(event);
      if (events.length === limit) return { events, next: event.position, atHead: event.position >= this.watch.known };
    }
    const next = cached.at(-1)!.position;
    return { events, next, atHead: next >= this.watch.known };
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
    for (const row of rows) found[Number(row[0]) - 1]!.push(toEvent(row));
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
