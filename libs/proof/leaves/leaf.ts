import { isoTime } from '../../event-store/postgres/event-rows.js';
import type { StoredRow } from '../../event-store/postgres/stored-rows.js';
import { isObject } from '../../events/stored-events.js';
import { sortedJson } from '../../kernel/canonical-json.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { sha256 } from '../tlog/merkle-tree.js';

/** The parts of an event that its leaf commits to, the first two as JSON. */
interface LeafParts {
  data: string;
  metadata: string;
  id: string;
  recordedAt: string;
  revision: number;
  stream: string;
  type: string;
}

/**
 * The entry of an event in the log of leaves: the SHA-256 over the RFC 8785 text of its parts. It has no position, so that a
 * copy of the log has the same entries.
 */
function entryOf({ data, id, metadata, recordedAt, revision, stream, type }: LeafParts): Buffer {
  const text =
    `{"data":${data},"id":${JSON.stringify(id)},"metadata":${metadata},"recordedAt":${timeText(recordedAt)},` +
    `"revision":${revision},"stream":${streamText(stream)},"type":${typeText(type)}}`;
  return sha256(text);
}

/** JSON of strings of which many in a row are the same. */
function repeatedText(): (text: string) => string {
  let last = { text: '', json: '""' };
  return (text) => {
    if (text !== last.text) last = { text, json: JSON.stringify(text) };
    return last.json;
  };
}

const timeText = repeatedText();
const streamText = repeatedText();
const typeText = repeatedText();

/** Of an event as readers of the log receive it. */
export const entryOfEvent = ({ data, metadata, ...rest }: RecordedEvent): Buffer => {
  const { recordedat: _, ...kept } = metadata;
  return entryOf({ ...rest, data: sortedJson(data), metadata: sortedJson(kept) });
};

/** True if the log stored the event's canonical text: false for one from before, of which the leaf only knows the value. */
export const isCanonical = (metadata: unknown): boolean => isObject(metadata) && typeof metadata.nonce === 'string';

/**
 * Metadata as the log stores it, with a nonce and without a time of its own, which would be between the two. It need not be parsed.
 * No extension of an event may be named `schemaversion`, so it is not a part of those that looks so.
 */
const AS_STORED = /,"nonce":"[\w-]{22}",(?:"offset":"\d+","partition":\d+,)?"schemaversion":\d+,"source":"/;
const MORE_THAN_MILLISECONDS = /\.\d{4,}/;

/**
 * Of an event as the tables have it: the same as that of readers, unless the stored text differs from the canonical one in
 * anything that parsing hides, such as white space or microseconds. Then it is another.
 */
export function entryOfRow(row: StoredRow): Buffer {
  const { id, type, revision, recordedAt, data, metadata } = row;
  if (!AS_STORED.test(metadata)) return entryOfParsed(row);
  return entryOf({ id, type, revision, data, metadata, stream: row.stream ?? '', recordedAt: exactTime(recordedAt) });
}

/** Without a part of a millisecond, which no reader sees, as readers see it; otherwise as it is stored. */
const exactTime = (recordedAt: string): string =>
  MORE_THAN_MILLISECONDS.test(recordedAt) ? recordedAt : isoTime(recordedAt);

function entryOfParsed({ recordedAt, data, metadata, stream, ...rest }: StoredRow): Buffer {
  const parsed = JSON.parse(metadata);
  const { recordedat, ...kept } = isObject(parsed) ? parsed : { recordedat: undefined };
  const time = typeof recordedat === 'string' ? recordedat : undefined;
  const parts = { ...rest, stream: stream ?? '' };
  if (!isCanonical(parsed)) {
    const value = isObject(parsed) ? kept : parsed;
    const texts = { data: sortedJson(JSON.parse(data)), metadata: sortedJson(value) };
    return entryOf({ ...parts, ...texts, recordedAt: time ?? isoTime(recordedAt) });
  }
  if (time !== undefined) {
    const isUnchanged = sortedJson(parsed) === metadata;
    return entryOf({ ...parts, data, metadata: isUnchanged ? sortedJson(kept) : metadata, recordedAt: time });
  }
  return entryOf({ ...parts, data, metadata, recordedAt: exactTime(recordedAt) });
}
