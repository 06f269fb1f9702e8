import { isDeepStrictEqual } from 'node:util';
import { type Static, Type } from 'typebox';
import { closed, count, position, text } from '../../http/openapi/answer-schemas.js';
import { sortedJson } from '../../kernel/canonical-json.js';
import { evolveRecorded } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { plainState } from '../plain-state.js';
import { EventReference, referenceTo } from './event-reference.js';
import { type Collection, isCollection, isObject, type PartRead, pointerTo } from './parts-read.js';
import type { AnyStream } from './subject-states.js';

/** Entries of the lists and maps of one stream that are shown: those that were set last. */
export const MOST_ENTRIES = 12;
/** A longer value is in its event. */
const MOST_CHARACTERS = 2_000;

/** A value that a decision found beside its own stream, and the event that had set it. */
export const RestedOn = closed({
  of: text('The stream that it was in; `views` for a count.'),
  path: text(
    'JSON Pointer of the value in the state of that stream; empty for the whole state, and for an event. Of a count: in the event of the decision.',
  ),
  value: Type.Optional(
    Type.Unsafe<unknown>({ description: 'What was in force at the position of the decision; absent if it is long.' }),
  ),
  size: Type.Optional(
    count('Instead of the value of a list or map: how many entries it had; of an object, how many fields.'),
  ),
  setBy: Type.Optional(EventReference),
  countedTo: Type.Optional(position('Of a count: `value` is what the log comes to up to here, counted again.')),
  recorded: Type.Optional(
    Type.Unsafe<unknown>({ description: 'Of a count that the event has otherwise: what that has.' }),
  ),
});
export type RestedOn = Static<typeof RestedOn>;

/** A part of a state: a field, or an entry of a list or a map in it. */
interface Part {
  path: string;
  raw: unknown;
  /** Of a collection whose size was read. */
  size?: number;
  isEntry: boolean;
  /** The last event that changed it; undefined if none did. */
  setBy: RecordedEvent | undefined;
}

/** What was read of the state of a stream, part by part, and which event had set each: the last one that changed it. */
export function valuesInForce(
  kind: AnyStream,
  stream: string,
  events: readonly RecordedEvent[],
  read: readonly PartRead[],
): RestedOn[] {
  const states = new States(kind, events);
  const parts = read.flatMap((part) => partsOf(part, states)).sort((a, b) => placeOf(b) - placeOf(a));
  const entries = parts.filter(({ isEntry }) => isEntry).slice(0, MOST_ENTRIES);
  return [...parts.filter(({ isEntry }) => !isEntry), ...entries].map(({ path, raw, size, setBy }) => ({
    ...{ of: stream, path, ...(size === undefined ? shownOf(raw, path.slice(path.lastIndexOf('/') + 1)) : { size }) },
    ...(setBy && { setBy: referenceTo(setBy) }),
  }));
}

/** An event by its id, which a decision found. */
export const eventFound = (event: RecordedEvent): RestedOn => ({
  ...{ of: event.stream, path: '' },
  ...shown(sortedJson(event.data)),
  setBy: referenceTo(event),
});

const placeOf = ({ setBy }: Part): Position => setBy?.position ?? 0;

type At = (state: unknown) => unknown;
type Fields = Readonly<Record<string, unknown>>;

/** A field of the last state, or of a collection its size and the entries that were read, also those that it lacks. */
function partsOf({ names, value, entries, isSized }: PartRead, states: States): Part[] {
  const at: At = (state) => names.reduce((one, name) => (one as Fields | undefined)?.[name], state);
  const path = pointerTo(names);
  const sizeAt: At = (state) => sizeOf(at(state));
  if (isObject(value) && isSized) {
    // Most have the fields that they always had.
    const setBy = states.setterOf(sizeAt);
    return setBy ? [{ path, raw: undefined, size: sizeOf(value)!, isEntry: false, setBy }] : [];
  }
  if (!isCollection(value)) return [{ path, raw: value, isEntry: false, setBy: states.setterOf(at) }];
  const isRead = entries.size > 0;
  // That it is there follows from what kind of stream it is.
  if (!isSized && !isRead && isCollection(at(states.initial))) return [];
  const whole = { path, raw: undefined, size: sizeOf(value) ?? 0, isEntry: false, setBy: states.setterOf(sizeAt) };
  const read = entriesIn(value).filter(({ key }) => entries.has(key));
  const known = new Set(read.map(({ key }) => key));
  const lacking = [...entries].filter((key) => !known.has(key)).slice(0, MOST_ENTRIES);
  const part = (key: unknown, raw: unknown, setBy: RecordedEvent | undefined): Part => ({
    ...{ path: pointerTo([...names, String(key)]), raw, isEntry: true, setBy },
  });
  return [
    ...(isSized || !isRead ? [whole] : []),
    ...setOf(read, states, at, Array.isArray(value) ? inList : inKeyed).map((one) => part(one.key, one.raw, one.setBy)),
    ...lacking.map((key) => {
      const entryAt: At = (state) => valueIn(at(state), key);
      return part(key, valueIn(value, key), states.setterOf(entryAt));
    }),
  ];
}

const sizeOf = (value: unknown): number | undefined => {
  if (isObject(value)) return Object.values(value).filter((field) => field !== undefined).length;
  if (!isCollection(value)) return undefined;
  return Array.isArray(value) ? value.length : (value as ReadonlySet<unknown>).size;
};

interface Entry {
  key: unknown;
  raw: unknown;
  /** As it was in the state that was looked at last: a fold may copy what it does not change. */
  former: unknown;
}

/** By the place in a list and the key of a map; a member of a set is true there. */
function entriesIn(collection: Collection): Entry[] {
  const all: (readonly [unknown, unknown])[] =
    collection instanceof Set
      ? [...collection].map((key) => [key, true] as const)
      : [...(collection as ReadonlyMap<unknown, unknown> | readonly unknown[]).entries()];
  return all.map(([key, raw]) => ({ key, raw, former: raw }));
}

const valueIn = (keyed: unknown, key: unknown): unknown =>
  keyed instanceof Map ? keyed.get(key) : keyed instanceof Set && keyed.has(key);

type SetEntry = Entry & Pick<Part, 'setBy'>;

/**
 * The entries that were set last, back to when each was set. An entry of a list is known by what it is, since its place changes
 * with what is removed before it.
 */
function setOf(
  entries: readonly Entry[],
  states: States,
  at: At,
  inFormer: (before: unknown) => (entry: Entry) => boolean,
): SetEntry[] {
  let open = [...entries];
  const found: SetEntry[] = [];
  for (const { before, event } of states.changesOf(at)) {
    if (open.length === 0 || found.length >= MOST_ENTRIES) return found;
    const isThere = inFormer(before);
    open = open.filter((entry) => {
      if (isThere(entry)) return true;
      found.push({ ...entry, setBy: event });
      return false;
    });
  }
  return [...found, ...open.map((entry) => ({ ...entry, setBy: undefined }))];
}

const inKeyed = (before: unknown) => (entry: Entry) => {
  if (!(before instanceof Map || before instanceof Set) || !before.has(entry.key)) return false;
  const former = valueIn(before, entry.key);
  const isSame = isDeepStrictEqual(former, entry.former);
  entry.former = former;
  return isSame;
};

function inList(before: unknown): (entry: Entry) => boolean {
  const all = isCollection(before) ? [...(before as Iterable<unknown>)] : [];
  const known = new Set(all);
  let copies: Map<string, unknown> | undefined;
  return (entry) => {
    if (known.has(entry.former)) return true;
    copies ??= new Map(all.map((one) => [sortedJson(plainState(one)), one]));
    const json = sortedJson(plainState(entry.former));
    if (!copies.has(json)) return false;
    entry.former = copies.get(json);
    return true;
  };
}

/** States that are kept at once: each of the rollout has a thousand cohorts. */
const SEGMENT = 500;

/** The states of a stream: the initial one, and that after each event. Those of a segment are folded when they are looked at. */
class States {
  readonly initial: unknown;
  readonly last: unknown;
  /** The state before each segment. */
  private readonly begins: unknown[] = [];
  private kept: { segment: number; states: readonly unknown[] } | undefined;

  constructor(
    private readonly kind: AnyStream,
    private readonly events: readonly RecordedEvent[],
  ) {
    this.initial = kind.initial;
    let state = this.initial;
    for (let n = 0; n < events.length; n += SEGMENT) {
      this.begins.push(state);
      state = this.segment(n / SEGMENT).at(-1);
    }
    this.last = state;
  }

  /** The last event that changed a value to what it is; undefined if none did. */
  setterOf(at: (state: unknown) => unknown): RecordedEvent | undefined {
    for (const { before, after, event } of this.changesOf(at)) if (!isDeepStrictEqual(before, after)) return event;
    return undefined;
  }

  /** Where a value became another one, or a copy, from the last event to the first. */
  *changesOf(at: (state: unknown) => unknown): Generator<{ before: unknown; after: unknown; event: RecordedEvent }> {
    for (let segment = this.begins.length - 1; segment >= 0; segment--) {
      const states = this.segment(segment);
      for (let n = states.length - 1; n > 0; n--) {
        const [before, after] = [at(states[n - 1]), at(states[n])];
        if (before !== after) yield { before, after, event: this.events[segment * SEGMENT + n - 1]! };
      }
    }
  }

  /** The state before a segment, and those after each of its events. */
  private segment(segment: number): readonly unknown[] {
    if (this.kept?.segment === segment) return this.kept.states;
    const states = [this.begins[segment]];
    for (const event of this.events.slice(segment * SEGMENT, (segment + 1) * SEGMENT))
      states.push(evolveRecorded(this.kind, states.at(-1), event));
    this.kept = { segment, states };
    return states;
  }
}

const shownOf = (raw: unknown, name = '') => shown(sortedJson(plainState(raw, name)));

const shown = (json: string): { value?: unknown } =>
  json.length > MOST_CHARACTERS ? {} : { value: JSON.parse(json) as unknown };
