import { catalogue } from '../../apps/composition/catalogue.js';
import { peopleBehind, peopleOfCase } from '../../libs/appeals/queries/people-involved.js';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { plainState } from '../../libs/history/plain-state.js';
import { Explanations } from '../../libs/history/queries/explain-event.js';
import type { Explanation } from '../../libs/history/queries/explanation.js';
import { MOST_ENTRIES, type RestedOn } from '../../libs/history/queries/rested-on.js';
import { sortedJson } from '../../libs/kernel/canonical-json.js';
import { foldRecorded } from '../../libs/kernel/decider.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';

const KINDS = [...catalogue.contexts.flatMap(({ streams = [] }) => streams), peopleOfCase, peopleBehind];

/** The events of a log by their streams, in which decisions are made again. */
export type Streams = ReadonlyMap<string, readonly RecordedEvent[]>;

export function streamsOf(log: readonly RecordedEvent[]): Streams {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of log) {
    const known = streams.get(event.stream);
    if (known) known.push(event);
    else streams.set(event.stream, [event]);
  }
  return streams;
}

/**
 * Makes a decision again without each single event of the other streams that it looked at.
 * @returns the events without which it comes to something else, although its explanation shows neither them nor anything that
 *   they changed
 */
export async function unshownReads(streams: Streams, event: RecordedEvent): Promise<RecordedEvent[]> {
  const asked = new Set<string>();
  const explained = await explain(streams, event, asked);
  if (!explained) return [];
  asked.delete(event.stream);
  const unshown: RecordedEvent[] = [];
  for (const stream of asked) {
    const shown = (explained.restedOn ?? []).filter(({ of }) => of === stream);
    // Of more entries not all are shown.
    if (shown.some(({ size = 0 }) => size > MOST_ENTRIES)) continue;
    const all = streams.get(stream) ?? [];
    const shownIn = valuesOf(stream, shown);
    const values = shownIn(all.filter(({ position }) => position < event.position));
    for (const left of all.filter(({ position }) => position < event.position)) {
      const others = all.filter((one) => one !== left);
      const isShown =
        shown.some(({ setBy }) => setBy?.id === left.id) ||
        shownIn(others.filter(({ position }) => position < event.position)) !== values;
      if (isShown) continue;
      const other = await explain(new Map(streams).set(stream, others), event);
      if (outcomeOf(other) !== outcomeOf(explained)) unshown.push(left);
    }
  }
  return unshown;
}

const outcomeOf = (explanation: Explanation | undefined): string => {
  const { restedOn: _, ...outcome } = explanation ?? {};
  return sortedJson(outcome);
};

const explain = (streams: Streams, event: RecordedEvent, asked?: Set<string>) => {
  const all = () => [...streams.values()].flat();
  const store: Pick<EventStore, 'readStream' | 'placesOf' | 'readAll'> = {
    async readStream(name, from = 0, limit = Number.MAX_SAFE_INTEGER) {
      asked?.add(name);
      return (streams.get(name) ?? []).filter(({ revision }) => revision >= from).slice(0, limit);
    },
    placesOf: async (ids) =>
      new Map(all().flatMap(({ id, position }) => (ids.includes(id) ? [[id, position] as const] : []))),
    async readAll(after) {
      const events = all().filter(({ position }) => position === after);
      return { events, next: after, atHead: false };
    },
  };
  return new Explanations(store as EventStore, catalogue.contexts).of(event);
};

/** What is shown of a stream, as it is in the states that other events of it come to. */
function valuesOf(stream: string, shown: readonly RestedOn[]): (events: readonly RecordedEvent[]) => string {
  const kinds = KINDS.filter(({ category }) => stream === category || stream.startsWith(`${category}-`));
  const paths = shown.map(({ path }) => path.split('/').slice(1));
  return (events) => {
    const states = kinds.map((kind) => foldRecorded(kind, events));
    return sortedJson(paths.map((names) => states.map((state) => plainState(names.reduce(valueIn, state)))));
  };
}

/** @param name as it is in a JSON Pointer */
function valueIn(state: unknown, name: string): unknown {
  const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
  if (state instanceof Map) return state.get(key);
  return state instanceof Set ? state.has(key) : (state as Record<string, unknown> | undefined)?.[key];
}
