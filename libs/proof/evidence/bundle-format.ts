import { hash } from 'node:crypto';
import { isObject } from '../../events/stored-events.js';
import { sortedJson } from '../../kernel/canonical-json.js';
import type { JsonObject, RecordedEvent } from '../../kernel/envelope.js';

/*
 * An evidence bundle: lines of canonical JSON (RFC 8785), so that it has one spelling and can be read in bounded memory. The
 * first line is the header, each further one an event with its tlog-proof. docs/compliance.md describes it exactly.
 */

export const BUNDLE_TYPE = 'application/x-ndjson';
export const BUNDLE_FORMAT = 'gatehouse-evidence/1';

/** More are refused when a bundle is written or read. */
export const MAX_BUNDLE_EVENTS = 10_000;
export const MAX_BUNDLE_BYTES = 256 * 1_048_576;
/** Of one line. The largest event that the log takes is far smaller. */
export const MAX_LINE_BYTES = 4 * 1_048_576;

/** What an event's type means; not covered by the proof. */
export interface BundleSchema {
  type: string;
  version: number;
  /** One sentence. */
  summary: string;
  /** JSON Schema of the data. */
  schema: JsonObject;
}

export interface BundleHeader {
  bundle: typeof BUNDLE_FORMAT;
  /** The signed note of C2SP tlog-checkpoint, with all its signatures. */
  checkpoint: string;
  /** How many lines follow. */
  events: number;
  /** When it was written, by the clock of the server. */
  made: string;
  schemas: BundleSchema[];
  /** What was asked for. */
  subject: string;
}

/** The parts of an event that its leaf commits to. */
export interface BundleEvent {
  data: unknown;
  id: string;
  metadata: unknown;
  recordedAt: string;
  revision: number;
  stream: string;
  type: string;
}

export interface BundleLine {
  event: BundleEvent;
  /** In the log of the server; not covered by the proof. */
  position: string;
  /** C2SP tlog-proof, whole: its checkpoint is that of the header. */
  proof: string;
}

/** As its leaf has it: the time of storing is no part of the metadata. */
export function bundleEvent({ data, id, metadata, recordedAt, revision, stream, type }: RecordedEvent): BundleEvent {
  const { recordedat: _, ...kept } = metadata;
  return { data, id, metadata: kept, recordedAt, revision, stream, type };
}

/** The entry of the event in the log of leaves. */
export const entryOfBundled = (event: BundleEvent): Buffer => hash('sha256', sortedJson(event), 'buffer');

export const bundleLine = (line: BundleHeader | BundleLine): string => `${sortedJson(line)}\n`;

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const hasExactly = (value: unknown, ...names: string[]): value is JsonObject =>
  isObject(value) && Object.keys(value).sort().join() === names.join();

export const isHeader = (value: unknown): value is BundleHeader & JsonObject =>
  hasExactly(value, 'bundle', 'checkpoint', 'events', 'made', 'schemas', 'subject') &&
  value.bundle === BUNDLE_FORMAT &&
  [value.checkpoint, value.made, value.subject].every(isText) &&
  isCount(value.events) &&
  Array.isArray(value.schemas) &&
  value.schemas.every(isSchema);

const isSchema = (value: unknown): boolean =>
  hasExactly(value, 'schema', 'summary', 'type', 'version') &&
  isObject(value.schema) &&
  isText(value.summary) &&
  isText(value.type) &&
  isCount(value.version);

export const isLine = (value: unknown): value is BundleLine & JsonObject =>
  hasExactly(value, 'event', 'position', 'proof') &&
  isText(value.position) &&
  isText(value.proof) &&
  hasExactly(value.event, 'data', 'id', 'metadata', 'recordedAt', 'revision', 'stream', 'type') &&
  [value.event.id, value.event.recordedAt, value.event.stream, value.event.type].every(isText) &&
  isCount(value.event.revision);
