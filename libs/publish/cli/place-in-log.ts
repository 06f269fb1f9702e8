import type { ApiClient } from '../../cli/api-client.js';
import type { EventPage, ShownEvent } from './event-pages.js';

type Path = '/v1/events' | '/v1/log';

const PAGE = 2_000;

/**
 * The position after which the events begin that were stored at a time or later. The log has its events in the order of their
 * storing, so it is found in some dozens of requests, however long the log is.
 */
export async function positionBefore(client: ApiClient, path: Path, time: string): Promise<string> {
  const wanted = Date.parse(time);
  let [before, from] = [0, Number(await headOf(client))];
  while (before < from) {
    const middle = Math.floor((before + from) / 2);
    const next = await firstAfter(client, path, middle);
    if (next === undefined || Date.parse(storedAt(next)) >= wanted) from = middle;
    else before = Number(next.position);
  }
  return String(before);
}

/** The feed leaves out events that are not public: a page may have none and still not be the last. */
async function firstAfter(client: ApiClient, path: Path, position: number): Promise<ShownEvent | undefined> {
  for (let after = String(position); ; ) {
    const { events, next, atHead } = await client.get<EventPage>(path, { after, limit: 1 });
    if (events.length > 0 || atHead) return events[0];
    after = next;
  }
}

/** The newest events, oldest first: reads from further and further back until there are enough. */
export async function newestEvents(
  client: ApiClient,
  path: Path,
  count: number,
  types: readonly string[] | undefined,
): Promise<ShownEvent[]> {
  const head = Number(await headOf(client));
  for (let back = Math.max(count, PAGE); ; back *= 8) {
    const after = Math.max(0, head - back);
    const events: ShownEvent[] = [];
    for (let next = String(after), atHead = false; !atHead; ) {
      const page = await client.get<EventPage>(path, { after: next, types: types?.join(','), limit: PAGE });
      events.push(...page.events);
      if (events.length > count) events.splice(0, events.length - count);
      ({ next, atHead } = page);
    }
    if (events.length >= count || after === 0) return events;
  }
}

/** The position of the log's last event. */
export const headOf = async (client: ApiClient): Promise<string> =>
  (await client.get<{ head: string }>('/v1/status')).head;

const storedAt = ({ recordedtime, recordedAt, time }: ShownEvent): string => recordedtime ?? recordedAt ?? time!;
