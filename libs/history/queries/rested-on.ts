import { type Static, Type } from 'typebox';
import { closed, text } from '../../http/openapi/answer-schemas.js';
import { sortedJson } from '../../kernel/canonical-json.js';
import { evolveRecorded } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { pointerPart } from '../../kernel/json-changes.js';
import { plainState } from '../plain-state.js';
import { EventReference, referenceTo } from './event-reference.js';
import type { AnyStream } from './subject-states.js';

/** Values of one stream that are shown: fields, and of lists the entries that were set last. */
const MOST_VALUES = 12;
/** A longer value is in its event. */
const MOST_CHARACTERS = 2_000;

/** A value that a decision found beside its own stream, and the event that had set it. */
export const RestedOn = closed({
  of: text('The stream that it was in.'),
  path: text('JSON Pointer of the value in the state of that stream; empty for the whole state, and for an event.'),
  value: Type.Optional(
    Type.Unsafe<unknown>({ description: 'What was in force at the position of the decision; absent if it is long.' }),
  ),
  setBy: Type.Optional(EventReference),
});
export type RestedOn = Static<typeof RestedOn>;

/** A part of a state: a field, or an entry of a list or a map in it. */
interface Part {
  raw: unknown;
  json: string;
  isEntry: boolean;
  setBy: RecordedEvent;
}

/** What the state of a stream was, part by part, and which event had set each: the last one that changed it. */
export function valuesInForce(kind: AnyStream, stream: string, events: readonly RecordedEvent[]): RestedOn[] {
  const parts = new Map<string, Part>();
  let state: unknown = kind.initial;
  for (const event of events) {
    const before = state;
    state = evolveRecorded(kind, before, event);
    if (state !== before) noteChanges(parts, partsOf(state), event);
  }
  if (parts.size === 0) return [{ of: stream, path: '', ...shown(sortedJson(plainState(kind.initial))) }];
  const all = [...parts].sort(([, a], [, b]) => Number(a.isEntry) - Number(b.isEntry) || place(b) - place(a));
  return all
    .slice(0, MOST_VALUES)
    .map(([path, { json, setBy }]) => ({ of: stream, path, ...shown(json), setBy: referenceTo(setBy) }));
}

/** An event by its id, which a decision found. */
export const eventFound = (event: RecordedEvent): RestedOn => ({
  ...{ of: event.stream, path: '' },
  ...shown(sortedJson(event.data)),
  setBy: referenceTo(event),
});

const place = ({ setBy }: Part): Position => setBy.position;

function noteChanges(
  parts: Map<string, Part>,
  now: ReadonlyMap<string, [raw: unknown, isEntry: boolean]>,
  by: RecordedEvent,
) {
  for (const path of parts.keys()) if (!now.has(path)) parts.delete(path);
  for (const [path, [raw, isEntry]] of now) {
    const before = parts.get(path);
    if (before && before.raw === raw) continue;
    const json = sortedJson(plainState(raw, path.slice(path.lastIndexOf('/') + 1)));
    // A fold may copy what it does not change.
    if (before?.json === json) before.raw = raw;
    else parts.set(path, { raw, json, isEntry, setBy: by });
  }
}

/** The fields of a state; of those that are lists or maps, and of a state that is one, the entries. */
function partsOf(state: unknown): ReadonlyMap<string, [raw: unknown, isEntry: boolean]> {
  const found = new Map<string, [unknown, boolean]>();
  for (const [name, raw] of entriesOf(state) ?? [['', state] as const]) {
    const path = name === '' ? '' : `/${pointerPart(name)}`;
    const entries = raw instanceof Map || Array.isArray(raw) ? entriesOf(raw)! : undefined;
    if (raw === undefined) continue;
    if (!entries) found.set(path, [raw, false]);
    for (const [key, entry] of entries ?? []) found.set(`${path}/${pointerPart(key)}`, [entry, true]);
  }
  return found;
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (value instanceof Map) return [...value].map(([key, entry]) => [String(key), entry]);
  if (Array.isArray(value)) return value.map((entry, n) => [String(n), entry]);
  if (typeof value !== 'object' || value === null || Symbol.iterator in value) return undefined;
  return Object.entries(value);
}

const shown = (json: string): { value?: unknown } =>
  json.length > MOST_CHARACTERS ? {} : { value: JSON.parse(json) as unknown };
