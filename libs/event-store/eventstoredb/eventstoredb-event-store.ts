import { EventStoreDBClient } from '@eventstore/db-client';
import type { StoredEvents } from '../../events/stored-events.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { coalesced } from '../../kernel/coalesced.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import type { Nonces } from '../../kernel/ids.js';
import type { EventStore, NextOptions, Page, ReadAllOptions, StreamWrite, WriteResult } from '../event-store.js';
import { openBulkRead } from './bulk-reader.js';
import { eventStoreAddress } from './client-addresses.js';
import { storeError, typeOf } from './client-errors.js';
import { answerWithin, collect } from './deadlines.js';
import { LiveSubscription } from './live-subscription.js';
import { LogEnd } from './log-end.js';
import { OwnRecords, type PassedOver, type PreparedEvents, positionOf, prepare } from './log-records.js';
import { LogScan } from './log-scan.js';
import { reportLostRejections } from './lost-rejections.js';
import { readEachPosition } from './read-positions.js';
import { hideServerNameWarning } from './server-name-warning.js';
import { WriteClient } from './write-client.js';

const GOODBYE_MS = 5_000;

export interface EventStoreDBReport {
  /** The client libraries left an error without a handler. */
  lostRejection(error: Error): void;
  /** An event that is not ours was passed over. */
  passedOver?(event: PassedOver): void;
}

/** The event store in EventStoreDB or KurrentDB >= 22.6. Several streams in one call are stored one by one, each with its outcome. */
export class EventStoreDBEventStore implements EventStore {
  private readonly writer: WriteClient;
  private readonly reader: EventStoreDBClient;
  private readonly records: OwnRecords;
  private readonly scan: LogScan;
  private readonly logEnd: LogEnd;
  private readonly stopReporting: () => void;

  /**
   * @param connectionString esdb:// or kurrentdb://, with TLS and credentials in it
   * @param nonces none for a copy of a log, which keeps its events as they are
   * @throws Error if it is malformed or its certificate is missing
   */
  constructor(
    connectionString: string,
    private readonly clock: Clock,
    private readonly stored: StoredEvents,
    report: EventStoreDBReport,
    private readonly nonces?: Nonces,
  ) {
    hideServerNameWarning();
    this.reader = EventStoreDBClient.connectionString(eventStoreAddress(connectionString));
    this.writer = WriteClient.take(connectionString);
    this.records = new OwnRecords(stored, report.passedOver);
    this.scan = new LogScan(
      openBulkRead(connectionString),
      (from, count) => this.readBackwards(from, count),
      this.records,
    );
    this.logEnd = new LogEnd(this.scan, (after) => new LiveSubscription(this.reader, after, this.records));
    this.stopReporting = reportLostRejections(report.lostRejection);
  }

  /** @throws EventsRefused, and WriteTooLarge if the limit of the server is known, before anything is sent */
  async append(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    if (writes.length === 0) return [];
    for (const { stream } of writes) this.stored.requireOurs(stream);
    const now = toIso(this.clock.now());
    const prepared = writes.map(({ stream, events }) => prepare(stream, events, now, this.writer.limit, this.nonces));
    const end = await this.end();
    const answers = await Promise.allSettled(writes.map((write, n) => this.appendOne(write, prepared[n]!, end)));
    // Only now: a retry must not overtake a write that is still running.
    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    const lasting = failures.find((error) => !(error instanceof StoreUnavailable));
    if (failures.length > 0) throw lasting ?? failures[0];
    return answers.map((answer) => (answer as PromiseFulfilledResult<WriteResult>).value);
  }

  async readStream(stream: string, from = 0, limit = Number.MAX_SAFE_INTEGER): Promise<RecordedEvent[]> {
    if (limit < 1) return [];
    return this.slice(stream, { fromRevision: BigInt(from), maxCount: limit });
  }

  async readStreamTail(stream: string, limit: number): Promise<RecordedEvent[]> {
    if (limit < 1) return [];
    const newestFirst = { fromRevision: 'end', direction: 'backwards', maxCount: limit } as const;
    return (await this.slice(stream, newestFirst)).reverse();
  }

  readAll(after: Position, options?: ReadAllOptions): Promise<Page> {
    return this.scan.page(after, options);
  }

  readPositions(positions: readonly Position[]): Promise<RecordedEvent[]> {
    return readEachPosition(this.scan, positions);
  }

  head(): Promise<Position> {
    return this.scan.head();
  }

  readNext(after: Position, options: NextOptions): Promise<Page> {
    return this.logEnd.readNext(after, options);
  }

  /** None: the server finds no event by its id. DeduplicatingEventStore has an index of facts. */
  async placesOf(): Promise<ReadonlyMap<string, Position>> {
    return new Map();
  }

  async close(): Promise<void> {
    this.logEnd.close();
    await this.writer.release();
    await answerWithin(GOODBYE_MS, this.reader.dispose(), 'a goodbye').catch(() => {});
    this.stopReporting();
  }

  /** The server answers a repeat like the first append; a position from before the call reveals it. */
  private async appendOne(write: StreamWrite, prepared: PreparedEvents, end: Position): Promise<WriteResult> {
    const { stream, expected } = write;
    try {
      const { revision, position, acknowledgedBefore } = await this.writer.append(stream, expected, prepared);
      if (position !== undefined) this.logEnd.noteAppended(position);
      const before = Math.max(end, acknowledgedBefore);
      if (position !== undefined && position > before) return { outcome: 'appended', revision, position };
      const [last] = await this.readStream(stream, revision, 1);
      const outcome = last && last.position > before ? 'appended' : 'already-appended';
      return { outcome, revision, position: last?.position ?? end };
    } catch (error) {
      if (typeOf(error) !== 'wrong-expected-version') throw storeError(error);
      const { actualVersion } = error as { actualVersion?: bigint | 'no_stream' };
      return {
        outcome: 'wrong-expected-revision',
        actual: typeof actualVersion === 'bigint' ? Number(actualVersion) : 'no-stream',
      };
    }
  }

  /** Position of the newest record of any kind, for appends that are sent after the call. */
  private readonly end = coalesced(async (): Promise<Position> => {
    const [newest] = await this.readBackwards(undefined, 1);
    return newest ? positionOf(newest) : 0;
  });

  private async readBackwards(from: Position | undefined, count: number) {
    const fromPosition = from === undefined ? ('end' as const) : { commit: BigInt(from), prepare: BigInt(from) };
    try {
      return await collect(
        this.reader.readAll({ direction: 'backwards', fromPosition, maxCount: count, requiresLeader: true }),
        'a read of the end of the log',
      );
    } catch (error) {
      throw storeError(error);
    }
  }

  private async slice(
    stream: string,
    range: { fromRevision: bigint | 'end'; maxCount: number; direction?: 'backwards' },
  ): Promise<RecordedEvent[]> {
    try {
      const records = await collect(
        this.reader.readStream(stream, { ...range, requiresLeader: true }),
        `a read of ${stream}`,
      );
      return records.flatMap((record) => this.records.inStream(record) ?? []);
    } catch (error) {
      if (typeOf(error) === 'stream-not-found') return [];
      throw storeError(error);
    }
  }
}
