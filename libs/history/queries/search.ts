import type { EventStore } from '../../event-store/event-store.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import type { SubjectEvents } from '../places/events-of-subjects.js';

/** What a page of a search is taken from: as much as is read in a few hundred milliseconds, however rare the matches are. */
const MOST_READ = 20_000;
const PAGE = 2_000;

export interface SearchRequest {
  after: Position;
  /** The last position that is searched. */
  to: Position;
  /** Events must concern each of these subjects; without any, all events are looked at. */
  subjects: readonly (readonly string[])[];
  types?: readonly string[] | undefined;
  matches(event: RecordedEvent): boolean;
  limit: number;
}

export interface SearchPage {
  events: RecordedEvent[];
  /** Everything up to here has been searched. */
  next: Position;
  atHead: boolean;
}

/**
 * A page of the events that match, in the order of the log. It may have fewer than the limit, and none, before the end: what is
 * read for a page is bounded.
 */
export async function search(
  { subjects, store }: { subjects: SubjectEvents; store: EventStore },
  request: SearchRequest,
): Promise<SearchPage> {
  const { to, limit, types } = request;
  const [first, ...others] = request.subjects;
  const typed = types && new Set(types);
  const isMatch = (event: RecordedEvent): boolean =>
    (!typed || typed.has(event.type)) && others.every((named) => concerns(event, named)) && request.matches(event);
  const concerns = (event: RecordedEvent, named: readonly string[]): boolean =>
    subjects.of(event).some((subject) => named.includes(subject));
  const found: RecordedEvent[] = [];
  let next = request.after;
  for (let read = 0; read < MOST_READ && next < to; ) {
    const page = first ? await pageOfSubjects(subjects, first, next, to) : await pageOfLog(store, next, to, types);
    read += Math.max(page.events.length, 1);
    for (const event of page.events) {
      if (!isMatch(event)) continue;
      found.push(event);
      if (found.length === limit) return { events: found, next: event.position, atHead: event.position >= to };
    }
    if (page.next === next) break;
    next = page.next;
  }
  return { events: found, next, atHead: next >= to };
}

async function pageOfSubjects(subjects: SubjectEvents, named: readonly string[], after: Position, to: Position) {
  const { events, isLast } = await subjects.read(named, after, to, PAGE);
  return { events, next: isLast ? to : events.at(-1)!.position };
}

async function pageOfLog(store: EventStore, after: Position, to: Position, types: readonly string[] | undefined) {
  const { events, next } = await store.readAll(after, { limit: PAGE, ...(types && { types }) });
  const within = events.filter(({ position }) => position <= to);
  return { events: within, next: Math.min(next, to) };
}
