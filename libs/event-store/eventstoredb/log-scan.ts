import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { pause } from '../../kernel/wait.js';
import { EventStoreUnavailable, type Page, type ReadAllOptions, UnknownPosition } from '../event-store.js';
import type { BulkRead } from './bulk-reader.js';
import { storeError, typeOf } from './client-errors.js';
import { type LogRecord, type OwnRecords, positionOf } from './log-records.js';

const DEFAULT_PAGE = 1_000;
/** Maximum records read in one call if few of them match. */
const SCAN_WINDOW = 4_000;
/** Growth factor of the reads while too few records match. */
const WIDER = 4;
/** The start record is read again, and one record after the page shows if there is more. */
const AROUND = 2;
const LONGEST_BACKWARDS = 4_096;

const NO_RECORD = 'no record begins there';
/** In an election the server fails at positions that exist, several times in a row. */
const SETTLE_MS = 1_000;

/** Reads newest first, the record at `from` excluded; undefined is the end. */
export type BackwardsRead = (from: Position | undefined, count: number) => Promise<LogRecord[]>;

/**
 * Reads pages of our events from the whole log, which also contains the server's own records. Returned positions are always
 * those of our events.
 */
export class LogScan {
  /** The newest range without events of ours: after our event at `from`, up to and including `to`. */
  private empty: { from: Position; to: Position } = { from: 0, to: 0 };

  constructor(
    private readonly bulkRead: BulkRead,
    private readonly readBackwards: BackwardsRead,
    private readonly records: OwnRecords,
    private readonly settleMs = SETTLE_MS,
  ) {}

  /**
   * @param hint a later start position, if there is no matching event before it
   * @throws UnknownPosition if a settled server has passed the position, and no record begins there
   * @throws EventStoreUnavailable also if the log does not reach the position yet
   */
  async page(
    after: Position,
    { types, limit = DEFAULT_PAGE, including }: ReadAllOptions = {},
    hint: Position = 0,
  ): Promise<Page> {
    const wanted = types && new Set(types);
    const events: RecordedEvent[] = [];
    let count = limit + AROUND;
    const begin = including ? after : this.passQuiet(after);
    let next = after;
    let passed = including ? after - 1 : after;
    let looked = 0;
    for (let from = Math.max(begin, hint); ; from = passed) {
      const records = await this.read(from, after, count);
      for (const event of this.oursBehind(passed, records)) {
        if (events.length === limit) return { events, next, atHead: false };
        next = event.position;
        looked++;
        if (!wanted || wanted.has(event.type)) events.push(event);
      }
      passed = records.length > 0 ? positionOf(records.at(-1)!) : from;
      if (records.length < count) break;
      if (events.length === limit || looked >= SCAN_WINDOW) return { events, next, atHead: false };
      count = Math.max(count, Math.min(SCAN_WINDOW, count * WIDER));
    }
    // There was no event of ours after the hint, so our newest one is before it.
    if (looked === 0 && hint > begin) return this.page(after, { types, limit, including });
    this.noteQuiet(next, passed);
    return { events, next, atHead: true };
  }

  async head(): Promise<Position> {
    let from: Position | undefined;
    let newest: Position | undefined;
    for (let count = 1; ; count = Math.min(count * 8, LONGEST_BACKWARDS)) {
      const records = await this.readBackwards(from, count);
      for (const record of records) {
        from = positionOf(record);
        newest ??= from;
        const known = from <= this.empty.to && from > this.empty.from && this.empty.from > 0;
        if (!known && !this.records.ours(record)) continue;
        const head = known ? this.empty.from : from;
        this.noteQuiet(head, newest);
        return head;
      }
      if (records.length < count) return 0;
    }
  }

  private *oursBehind(after: Position, records: readonly LogRecord[]): Generator<RecordedEvent> {
    for (const record of records) {
      if (positionOf(record) <= after) continue;
      const event = this.records.ours(record);
      if (event) yield event;
    }
  }

  private passQuiet(after: Position): Position {
    const { from, to } = this.empty;
    return after >= from && after < to ? to : after;
  }

  private noteQuiet(from: Position, to: Position): void {
    if (to >= this.empty.to) this.empty = { from, to };
  }

  private async read(from: Position, after: Position, count: number): Promise<LogRecord[]> {
    const records = await tryRead(this.bulkRead, from, count);
    if (records !== NO_RECORD && (records.length > 0 || from === 0)) return records;
    // The hint fails if the server has removed its record.
    if (from !== after) return this.read(after, after, count);
    if (from === 0) throw new EventStoreUnavailable('the event store failed to read its log: check its logs');
    return this.readWhenSettled(after, count);
  }

  /**
   * A failure proves nothing by itself: a server without a settled leader also fails at positions that exist. So the read
   * is repeated after a pause, between two reads at a position that surely exists.
   */
  private async readWhenSettled(after: Position, count: number): Promise<LogRecord[]> {
    await this.requireSettled(after);
    await pause(this.settleMs);
    await this.requireSettled(after);
    const records = await tryRead(this.bulkRead, after, count);
    if (records !== NO_RECORD && records.length > 0) return records;
    await this.requireSettled(after);
    throw new UnknownPosition(after);
  }

  /** @throws EventStoreUnavailable unless the log has passed the position and can be read at its newest record */
  private async requireSettled(after: Position): Promise<void> {
    const [newest] = await this.readBackwards(undefined, 1);
    const end = newest ? positionOf(newest) : 0;
    if (end < after) throw new EventStoreUnavailable(`the event store ends at ${end}, before position ${after}`);
    const records = await tryRead(this.bulkRead, end, 1);
    if (records === NO_RECORD || records.length === 0)
      throw new EventStoreUnavailable(
        'the event store can not be read at its newest record: it may be choosing a leader',
      );
  }
}

/** The server fails without a reason at a position where no record starts; a second failure confirms it. */
async function tryRead(read: BulkRead, from: Position, count: number): Promise<LogRecord[] | typeof NO_RECORD> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read(from, count);
    } catch (error) {
      if (typeOf(error) !== 'unknown') throw storeError(error);
      if (attempt === 2) return NO_RECORD;
    }
  }
}
