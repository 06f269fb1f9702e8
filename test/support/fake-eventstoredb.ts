import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { LiveSubscription } from '../../libs/event-store/eventstoredb/live-subscription.js';
import { LogEnd } from '../../libs/event-store/eventstoredb/log-end.js';
import { type LogRecord, OwnRecords } from '../../libs/event-store/eventstoredb/log-records.js';
import { LogScan } from '../../libs/event-store/eventstoredb/log-scan.js';
import { readEachPosition } from '../../libs/event-store/eventstoredb/read-positions.js';
import { StoredEvents } from '../../libs/events/stored-events.js';
import type { NewEvent, Position } from '../../libs/kernel/envelope.js';

const RECORD_BYTES = 300;

/** A server's log as the two clients show it, with the adapter's own readers on it, and a count of what they read. */
export class FakeEventStoreDB {
  private readonly records: LogRecord[] = [];
  private readonly pushing = new Set<PassThrough>();
  reads = 0;
  recordsRead = 0;
  recordsPushed = 0;
  mostSubscriptions = 0;
  private readonly end: LogEnd;
  private readonly scan: LogScan;

  constructor() {
    const place = (from: Position) => this.records.findIndex((record) => Number(record.commitPosition) === from);
    const own = new OwnRecords(new StoredEvents([], ['facts']));
    this.scan = new LogScan(
      async (from, count) => {
        this.reads++;
        await nextTurn();
        const first = from === 0 ? 0 : place(from);
        const found = this.records.slice(first, first + count);
        this.recordsRead += found.length;
        return found.map(copyOf);
      },
      async (from, count) => {
        await nextTurn();
        const last = from === undefined ? this.records.length : place(from);
        return this.records
          .slice(Math.max(0, last - count), last)
          .reverse()
          .map(copyOf);
      },
      own,
    );
    this.end = new LogEnd(this.scan, (after) => new LiveSubscription(this.client, after, own));
  }

  /** @param own appended by the process that reads, which learns the position */
  append(events: readonly NewEvent[], own: boolean): Position {
    for (const { id, type, data, metadata } of events) {
      const commit = BigInt((this.records.length + 1) * RECORD_BYTES);
      const place = { commit, prepare: commit };
      const revision = BigInt(this.records.length);
      const event = { streamId: 'facts-0', id, revision, type, isJson: true, created: new Date(0), data, metadata };
      const record = { event: { ...event, position: place }, commitPosition: commit };
      this.records.push(record);
      for (const stream of this.pushing) this.push(stream, record);
    }
    const position = this.records.length * RECORD_BYTES;
    if (own) this.end.noteAppended(position);
    return position;
  }

  get store(): EventStore {
    const { scan, end } = this;
    const store: Pick<EventStore, 'readAll' | 'readNext' | 'readPositions' | 'head' | 'close'> = {
      readAll: (after, options) => scan.page(after, options),
      readNext: (after, options) => end.readNext(after, options),
      readPositions: (positions) => readEachPosition(scan, positions),
      head: () => scan.head(),
      close: async () => end.close(),
    };
    return store as EventStore;
  }

  private readonly client = {
    subscribeToAll: ({ fromPosition }: { fromPosition: 'start' | { commit: bigint } }) => {
      const stream: PassThrough = Object.assign(new PassThrough({ objectMode: true, highWaterMark: 100_000 }), {
        unsubscribe: async () => {
          this.pushing.delete(stream);
        },
      });
      const after = fromPosition === 'start' ? 0n : fromPosition.commit;
      for (const record of this.records) if (record.commitPosition! > after) this.push(stream, record);
      this.pushing.add(stream);
      this.mostSubscriptions = Math.max(this.mostSubscriptions, this.pushing.size);
      return stream;
    },
  } as unknown as EventStoreDBClient;

  private push(stream: PassThrough, record: LogRecord): void {
    this.recordsPushed++;
    stream.write(copyOf(record));
  }
}

/** A copy, since the clients decode a record at each read. */
const copyOf = (record: LogRecord): LogRecord => ({
  ...record,
  event: { ...record.event!, metadata: { ...(record.event!.metadata as object) } },
});
