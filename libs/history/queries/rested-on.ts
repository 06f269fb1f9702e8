import { isDeepStrictEqual } from 'node:util';
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
  path: string;
  raw: unknown;
  isEntry: boolean;
  /** The last event that changed it; undefined if none did. */
  setBy: RecordedEvent | undefined;
}

/** What the state of a stream was, part by part, and which event had set each: the last one that changed it. */
export function valuesInForce(kind: AnyStream, stream: string, events: readonly RecordedEvent[]): RestedOn[] {
  const parts = partsOf(new States(kind, events));
  if (parts.every(({ setBy }) => !setBy)) return [{ of: stream, path: '', ...shownOf(kind.initial) }];
  return parts
    .sort((a, b) => Number(a.isEntry) - Number(b.isEntry) || placeOf(b) - placeOf(a))
    .slice(0, MOST_VALUES)
    .map(({ path, raw, setBy }) => ({
      ...{ of: stream, path, ...shownOf(raw, path.slice(path.lastIndexOf('/') + 1)) },
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

/** The fields of the last state; of those that are lists or maps, and of a state that is one, the entries. */
function partsOf(states: States): Part[] {
  const { last } = states;
  if (isCollection(last)) return entriesOf('', last, states, (state) => state);
  if (typeof last !== 'object' || last === null) {
    return [{ path: '', raw: last, isEntry: false, setBy: states.setterOf((state) => state) }];
  }
  return Object.entries(last).flatMap(([name, raw]): Part[] => {
    const path = `/${pointerPart(name)}`;
    const at = (state: unknown) => (state as Record<string, unknown> | undefined)?.[name];
    if (raw === undefined) return [];
    if (isCollection(raw)) return entriesOf(path, raw, states, at);
    return [{ path, raw, isEntry: false, setBy: states.setterOf(at) }];
  });
}

type Collection = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>;

const isCollection = (value: unknown): value is Collection =>
  Array.isArray(value) || value instanceof Set || value instanceof Map;

interface Entry {
  key: unknown;
  path: string;
  raw: unknown;
  /** As it was in the state that was looked at last: a fold may copy what it does not change. */
  former: unknown;
}

/**
 * The entries that were set last, back to when each was set. An entry of a list is known by what it is, since its place changes
 * with what is removed before it.
 */
function entriesOf(path: string, collection: Collection, states: States, at: (state: unknown) => unknown): Part[] {
  const isMap = collection instanceof Map;
  let open: Entry[] = [...(isMap ? collection : [...(collection as Iterable<unknown>)].entries())].map(
    ([key, raw]) => ({
      ...{ key, path: `${path}/${pointerPart(String(key))}`, raw, former: raw },
    }),
  );
  const parts: Part[] = [];
  for (const { before, event } of states.changesOf(at)) {
    if (open.length === 0 || parts.length >= MOST_VALUES) return parts;
    const find = isMap ? inMap(before) : inList(before);
    open = open.filter((entry) => {
      if (find(entry)) return true;
      parts.push({ path: entry.path, raw: entry.raw, isEntry: true, setBy: event });
      return false;
    });
  }
  return [...parts, ...open.map(({ path: own, raw }) => ({ path: own, raw, isEntry: true, setBy: undefined }))];
}

const inMap = (before: unknown) => (entry: Entry) => {
  if (!(before instanceof Map) || !before.has(entry.key)) return false;
  const former: unknown = before.get(entry.key);
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
  readonly last: unknown;
  /** The state before each segment. */
  private readonly begins: unknown[] = [];
  private kept: { segment: number; states: readonly unknown[] } | undefined;

  constructor(
    private readonly kind: AnyStream,
    private readonly events: readonly RecordedEvent[],
  ) {
    let state: unknown = kind.initial;
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
