import { type CommandContext, causedBy, OWN_SOURCE } from '../kernel/command-context.js';
import type { NewEvent, Position, RecordedEvent } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { isUuid, keyedId, nameBasedId, namedIds } from '../kernel/ids.js';
import type { EventStore } from './event-store.js';

/*
 * An event from outside is identified by its source and id (CloudEvents 1.0), compared case-sensitively; one of our own by
 * a keyed hash, which nobody outside can compute. An earlier version stored a sender's UUID itself and derived our ids
 * without a key: events without `sourceid` in their metadata. Their ids are tried too, if the log may have such events.
 */

/** The log has another event with the same id. */
export class IdInUse extends Refusal {
  constructor({ id, type, metadata: { source, sourceid = id, subject } }: NewEvent) {
    super(
      'id-in-use',
      `${sourceid} is ${type} of ${source} about ${subject} here; send this event under an id of its own`,
    );
  }
}

const idOfSender = namedIds('b2a1f6a0-6d1c-5c0e-9a53-6a7e0f8f3d11');
/** The digits of the time in a UUIDv7, and the place of its version. */
const TIME_DIGITS = 'tttttttt-tttt-'.length;

/**
 * The stored id of an event from outside. It begins with the time of a sender's UUIDv7, which keeps index writes sequential;
 * the rest is a hash of source and id.
 */
export function senderEventId(source: string, id: string): string {
  const hash = idOfSender(`${source}\n${id}`);
  if (!isUuid(id) || id[TIME_DIGITS] !== '7') return hash;
  return `${id.slice(0, TIME_DIGITS).toLowerCase()}8${hash.slice(TIME_DIGITS + 1)}`;
}

/** The id under which an earlier version stored the event, if it was another. */
export const formerSenderEventId = (id: string): string | undefined => (isUuid(id) ? id.toLowerCase() : undefined);

/** The ids of events that we store because of another event or once for an act: always the same ones, so only once. */
export class OwnEventIds {
  /**
   * @param key of this installation; with another one everything would be done twice
   * @param since the position up to which the log may have ids of an earlier version; 0 for none
   */
  constructor(
    private readonly key: Buffer,
    private readonly since: Position,
  ) {}

  /** @param purpose what is done because of the event */
  identify({ id }: RecordedEvent, purpose: string): Pick<CommandContext, 'eventId' | 'formerEventId'> {
    const eventId = keyedId(this.key, `${id}\n${purpose}`);
    return this.since > 0 ? { eventId, formerEventId: nameBasedId(id, purpose) } : { eventId };
  }

  /** The context of what a process does for a purpose because of the event, and only once: a no-op of it is not stored. */
  once(event: RecordedEvent, process: string, purpose: string): CommandContext {
    return { ...causedBy(event, process), ...this.identify(event, purpose), isRecordedElsewhere: true };
  }

  /** The id of what no event caused, and is stored once. @param act names it */
  of(act: string): string {
    return keyedId(this.key, act);
  }
}

/** True if an earlier version stored this event of the source under an id that is derived in another way today. */
export const isFormerEvent = ({ metadata }: RecordedEvent, source: string = OWN_SOURCE): boolean =>
  metadata.sourceid === undefined && metadata.source === source;

/** True if two events with one id are the same event. Source and id identify an event; a reused id differs in the rest. */
export const isSameEvent = (one: NewEvent, other: NewEvent): boolean =>
  one.type === other.type &&
  one.metadata.source === other.metadata.source &&
  one.metadata.subject === other.metadata.subject;

const MAX_PAGE_EVENTS = 1_000;

/**
 * Events by id.
 * @param places the position of each, or an upper bound: the end of the write that it was stored with
 */
export async function eventsAt(
  store: EventStore,
  places: ReadonlyMap<string, Position>,
): Promise<Map<string, RecordedEvent>> {
  const found = new Map<string, RecordedEvent>();
  const collect = (events: readonly RecordedEvent[]) => {
    const before = found.size;
    for (const event of events) if (places.has(event.id)) found.set(event.id, event);
    return found.size - before;
  };
  let limit = 1;
  for (const [id, position] of [...places].sort(([, a], [, b]) => a - b)) {
    if (found.has(id)) continue;
    const { events } = await store.readAll(position, { including: true, limit });
    // Events that arrived together are stored together: the more of a page was needed, the larger the next one.
    limit = collect(events) * 2 > limit ? Math.min(limit * 2, MAX_PAGE_EVENTS) : 1;
    let last = events[0]?.position === position ? events[0] : undefined;
    while (last && last.revision > 0 && !found.has(id)) {
      const from = Math.max(0, last.revision - MAX_PAGE_EVENTS);
      const before = await store.readStream(last.stream, from, last.revision - from);
      collect(before);
      last = before[0];
    }
  }
  return found;
}
