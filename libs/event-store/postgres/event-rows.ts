import { isObject, type StoredEvents } from '../../events/stored-events.js';
import type { EventMetadata, RecordedEvent } from '../../kernel/envelope.js';
import { eventLoop } from '../../kernel/event-loop.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { StreamWrite } from '../event-store.js';
import type { StoredText } from '../stored-text.js';

const EVENTS_PER_TURN = 500;
export const NO_STREAM = -1;
const ANY = -2;

/** Columns as the statements select them; the first differs by statement. */
export type Row = [string, string | null, string, string, string, string, string, string, string];

/** Values stay strings; each reader parses what it needs, once. */
export const AS_TEXT = { getTypeParser: () => (text: string) => text };

export function appendParameters(writes: readonly StreamWrite[], encoded: StoredText[][]): Buffer[] {
  const events = writes.flatMap((write) => write.events);
  const flat = encoded.flat();
  return [
    arrayParameter(
      'text',
      writes.map((write) => write.stream),
    ),
    arrayParameter(
      'int8',
      writes.map(({ expected }) => (expected === 'any' ? ANY : expected === 'no-stream' ? NO_STREAM : expected)),
    ),
    arrayParameter(
      'int4',
      writes.map((write) => write.events.length),
    ),
    arrayParameter(
      'int4',
      writes.flatMap((write, i) => write.events.map(() => i + 1)),
    ),
    arrayParameter(
      'uuid',
      events.map((event) => event.id),
    ),
    arrayParameter(
      'text',
      events.map((event) => event.type),
    ),
    arrayParameter(
      'json',
      flat.map((one) => one.data),
    ),
    arrayParameter(
      'json',
      flat.map((one) => one.metadata),
    ),
  ];
}

/** @param stored finds the fault of an event that can't be used */
export function toEvent(row: Row, stored: StoredEvents | undefined): RecordedEvent {
  const [, name, position, revision, id, type, recordedAt, dataText, metadataText] = row;
  const stream = name!;
  const [data, metadata] = [JSON.parse(dataText), JSON.parse(metadataText)];
  const event: RecordedEvent = {
    id,
    type,
    data,
    metadata,
    stream,
    revision: Number(revision),
    position: Number(position),
    recordedAt: metadata?.recordedat ?? isoTime(recordedAt),
  };
  const fault = stored?.fault(event);
  if (fault === undefined) return event;
  return {
    ...event,
    data: isObject(data) ? data : {},
    metadata: (isObject(metadata) ? metadata : {}) as unknown as EventMetadata,
    recordedAt: isoTime(recordedAt),
    fault,
  };
}

/** Decodes a page, a part in each turn of the event loop. */
export async function toEvents(rows: readonly Row[], stored: StoredEvents | undefined): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (const row of rows) {
    events.push(toEvent(row, stored));
    if (events.length % EVENTS_PER_TURN === 0) await eventLoop.yield();
  }
  return events;
}

/** `{1,2,NULL}` as the server writes a bigint[]. */
export function numbers(text: string | null): (number | null)[] | null {
  if (text === null) return null;
  return text
    .slice(1, -1)
    .split(',')
    .map((item) => (item === 'NULL' ? null : Number(item)));
}

let lastTime = { text: '', iso: '' };

/**
 * The server's `2026-01-31 12:00:00.123456+00` as RFC 3339. Events that were appended together have one time. A time that the
 * log never stores, such as one before our era, stays as it is, for the verification to find.
 */
export function isoTime(text: string): string {
  if (text !== lastTime.text) {
    const time = new Date(text);
    lastTime = { text, iso: Number.isNaN(time.getTime()) ? text : time.toISOString() };
  }
  return lastTime.iso;
}
