import type { EventData } from '@eventstore/db-client';
import { isObject, type StoredEvents } from '../../events/stored-events.js';
import type { EventMetadata, NewEvent, Position, RecordedEvent } from '../../kernel/envelope.js';
import type { Nonces } from '../../kernel/ids.js';
import { type ExpectedRevision, WriteTooLarge } from '../event-store.js';
import { addNonce, storedText } from '../stored-text.js';

/** A record of the server's log, as both clients return it. */
export interface LogRecord {
  event?: {
    streamId: string;
    id: string;
    revision: bigint;
    type: string;
    isJson: boolean;
    created: Date;
    data: unknown;
    metadata?: unknown;
    position?: { commit: bigint; prepare: bigint };
  };
  commitPosition?: bigint;
}

/** Beyond it the server closes the connection and all its appends. Our own limit is 1 MiB with attributes. */
const MAX_EVENT_BYTES = 1.5 * 1024 * 1024;
/** Maximum size of a write until a server reports a lower limit: by default, up to 25.0, that is 1 MiB. */
export const MAX_WRITE_BYTES = 32 * 1024 * 1024;
const RECORD_OVERHEAD_BYTES = 128;

export const positionOf = ({ event, commitPosition }: LogRecord): Position => {
  const position = Number(event?.position?.commit ?? commitPosition);
  if (!Number.isSafeInteger(position))
    throw new RangeError(
      `the event store returned the position ${position}, which is not an integer of ours: use version 22.6 or later`,
    );
  return position;
};

/** An event that is not ours. Other programs have streams of their own, so in one of ours it is broken or misplaced. */
export interface PassedOver {
  where: 'our-streams' | 'other-streams';
  stream: string;
  position: Position;
}

/** Finds our events among the records of a server that other programs may use too. */
export class OwnRecords {
  private newestForeign: Position = 0;

  /** @param passedOver called once for each event that is not ours */
  constructor(
    private readonly stored: StoredEvents,
    private readonly passedOver: (event: PassedOver) => void = () => {},
  ) {}

  /**
   * Our event, if it is one: in a stream of ours, with complete metadata and valid data. One of a newer release, or
   * one that decides access, is ours too and has a fault if it can't be used. Undefined for records of the server itself and for events of others.
   */
  ours(record: LogRecord): RecordedEvent | undefined {
    const { event } = record;
    if (!event || event.type.startsWith('$') || event.streamId.startsWith('$')) return undefined;
    const isInOurs = this.stored.isOurStream(event.streamId);
    const own = isInOurs ? this.inStream(record) : undefined;
    if (own && (own.fault === undefined || this.stored.isDecisive(own) || (event.isJson && this.stored.isNewer(own))))
      return own;
    const position = positionOf(record);
    if (position > this.newestForeign) {
      this.newestForeign = position;
      this.passedOver({ where: isInOurs ? 'our-streams' : 'other-streams', stream: event.streamId, position });
    }
    return undefined;
  }

  /** The record of one of our streams. One that can't be used has a fault, and counts as a revision of the stream. */
  inStream(record: LogRecord): RecordedEvent | undefined {
    const { event } = record;
    if (!event) return undefined;
    const { id, type, streamId: stream, created } = event;
    const fault = event.isJson
      ? this.stored.fault({ stream, type, data: event.data, metadata: event.metadata })
      : 'it is not JSON';
    const metadata = (isObject(event.metadata) ? event.metadata : {}) as unknown as EventMetadata;
    const { recordedat } = metadata;
    delete metadata.recordedat;
    return {
      id,
      type,
      data: isObject(event.data) ? event.data : {},
      metadata,
      stream,
      revision: Number(event.revision),
      position: positionOf(record),
      recordedAt: fault === undefined && recordedat !== undefined ? recordedat : inSeconds(created),
      ...(fault !== undefined && { fault }),
    };
  }
}

/** In whole seconds, since one of the clients returns no more: what is derived must not depend on the client. */
const inSeconds = (created: Date): string => new Date(Math.floor(created.getTime() / 1_000) * 1_000).toISOString();

export const toRevision = (expected: ExpectedRevision): bigint | 'no_stream' | 'any' =>
  expected === 'no-stream' ? 'no_stream' : expected === 'any' ? 'any' : BigInt(expected);

export interface PreparedEvents {
  events: EventData[];
  bytes: number;
}

/**
 * Stores each event with its time in the metadata: the native client returns the server's time in whole seconds only.
 * @param now RFC 3339
 * @param limit maximum bytes of the server
 * @throws WriteTooLarge and EventsRefused before anything is sent
 */
export function prepare(
  stream: string,
  events: readonly NewEvent[],
  now: string,
  limit: number,
  nonces?: Nonces,
): PreparedEvents {
  let total = 0;
  const prepared = events.map((event): EventData => {
    const { id, type, metadata } = event;
    if (nonces) addNonce(event, nonces);
    const dated = { ...event, metadata: { ...metadata, recordedat: metadata.recordedat ?? now } };
    const text = storedText(dated);
    // The client passes bytes on unchanged only from a plain Uint8Array.
    const metadataBytes = new Uint8Array(Buffer.from(text.metadata));
    const bytes = Buffer.byteLength(text.data) + metadataBytes.length + RECORD_OVERHEAD_BYTES;
    if (bytes > MAX_EVENT_BYTES)
      throw new WriteTooLarge(
        `${type} ${id} for ${stream} has ${bytes} bytes; ${MAX_EVENT_BYTES} are allowed: send a smaller event`,
      );
    total += bytes;
    // It serializes the data itself: from the text, so that the members keep their order.
    return { id, contentType: 'application/json', type, data: JSON.parse(text.data), metadata: metadataBytes };
  });
  if (total > limit)
    throw new WriteTooLarge(
      `${events.length} events for ${stream} have ${total} bytes and the event store takes ${limit} at once: ` +
        'raise its MaxAppendSize, and with it its MaxAppendEventSize',
    );
  return { events: prepared, bytes: total };
}
