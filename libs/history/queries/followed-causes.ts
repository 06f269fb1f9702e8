import { eventsAt } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import type { SubjectEvents } from '../places/events-of-subjects.js';
import { subjectOf } from '../subjects.js';

/** Events of the same correlations that are looked at; a batch of facts has one. */
const MOST_RELATED = 1_000;

export interface Causes {
  /** The event that an event was caused by, if the log can find it. */
  causeOf(event: RecordedEvent): RecordedEvent | undefined;
  /** The events that an event has caused, in whichever stream, in the order of the log. */
  effectsOf(event: RecordedEvent): readonly RecordedEvent[];
  /** False if the correlations have more events than were looked at, so that effects may be missing. */
  areComplete: boolean;
}

/** Follows causation and correlation of events across streams, up to a position. */
export async function followCauses(
  events: readonly RecordedEvent[],
  to: Position,
  { subjects, store }: { subjects: SubjectEvents; store: EventStore },
): Promise<Causes> {
  const correlations = new Set(
    events.flatMap(({ metadata: { correlationid } }) =>
      typeof correlationid === 'string' ? [subjectOf('correlation', correlationid)] : [],
    ),
  );
  const related = await subjects.read([...correlations], 0, to, MOST_RELATED);
  const byId = new Map([...related.events, ...events].map((event) => [event.id, event]));
  const missing = events.flatMap(({ metadata: { causationid } }) =>
    causationid !== undefined && !byId.has(causationid) ? [causationid] : [],
  );
  if (missing.length > 0)
    for (const [id, event] of await eventsAt(store, await store.placesOf([...new Set(missing)]))) byId.set(id, event);
  const effects = new Map<string, RecordedEvent[]>();
  for (const event of [...byId.values()].sort((a, b) => a.position - b.position)) {
    const { causationid } = event.metadata;
    if (causationid === undefined) continue;
    const known = effects.get(causationid);
    if (known) known.push(event);
    else effects.set(causationid, [event]);
  }
  return {
    causeOf: ({ metadata: { causationid } }) => (causationid === undefined ? undefined : byId.get(causationid)),
    effectsOf: ({ id }) => effects.get(id) ?? [],
    areComplete: related.isLast,
  };
}
