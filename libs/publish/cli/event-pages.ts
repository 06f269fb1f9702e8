import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import type { ApiClient } from '../../cli/api-client.js';
import { NotReachable } from '../../cli/api-errors.js';
import type { Actor } from '../../kernel/envelope.js';
import type { LogPage } from '../http/log.controller.js';

const PAGE = 1_000;
const POLL_MS = 500;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** The fields of an event, from the feed or the log, that the command line uses. */
export interface ShownEvent {
  id: string;
  type: string;
  position: string;
  /** In the feed only. */
  time?: string;
  recordedtime?: string;
  logepoch?: string;
  actor?: string;
  subject?: string;
  data: Record<string, unknown>;
  /** In the log only. */
  stream?: string;
  recordedAt?: string;
  metadata?: { time: string; actor: Actor };
}

export type EventPage = Omit<LogPage, 'events'> & { events: ShownEvent[] };

/** A part of the public feed. */
export interface FeedQuery {
  /** Events after this position. */
  after: string;
  types?: readonly string[];
}

/** The public events after a position up to the head, page by page. */
export async function* eventPages(client: ApiClient, { after, types }: FeedQuery): AsyncGenerator<ShownEvent[]> {
  for (let from = after, atHead = false; !atHead; ) {
    const query = { after: from, types: types?.join(','), limit: PAGE };
    const page = await client.get<EventPage>('/v1/events', query);
    yield page.events;
    atHead = page.atHead;
    from = page.next;
  }
}

/**
 * The public events after a position, endlessly. Reconnects if the connection breaks, without missing or repeating an
 * event.
 * @param broken called before each reconnection
 */
export async function* followFeed(
  client: ApiClient,
  { after, types }: FeedQuery,
  broken: (error: Error) => void,
): AsyncGenerator<ShownEvent> {
  let lastId = after;
  let pauseMs = FIRST_PAUSE_MS;
  for (let connected = false; ; ) {
    try {
      const body = await openFeed(client, lastId, types);
      connected = true;
      for await (const event of messages(body)) {
        lastId = event.logepoch ? `${event.logepoch}-${event.position}` : event.position;
        pauseMs = FIRST_PAUSE_MS;
        yield event;
      }
    } catch (error) {
      client.signal.throwIfAborted();
      // A connection that never worked, or that the backend refuses, is no transient error.
      const lost = error instanceof NotReachable || (error as Error).name === 'TypeError' || isServerError(error);
      if (!connected || !lost) throw error;
      broken(error as Error);
    }
    await sleep(pauseMs, undefined, { signal: client.signal });
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

const openFeed = (client: ApiClient, lastId: string, types?: readonly string[]) =>
  client.open('/v1/events', { types: types?.join(',') }, { accept: 'text/event-stream', 'last-event-id': lastId });

const isServerError = (error: unknown): boolean => Number((error as { status?: number })?.status) >= 500;

async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<ShownEvent> {
  const arrived: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => arrived.push(data) });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const data of arrived.splice(0)) yield JSON.parse(data);
  }
}

/**
 * Events of every type, or of one stream, endlessly, by polling.
 * @param query of GET /v1/log; with `stream`, `after` is a revision
 */
export async function* followLog(
  client: ApiClient,
  query: { after: string; stream?: string; types?: string },
): AsyncGenerator<ShownEvent> {
  for (let after = query.after; ; ) {
    const page = await client.get<EventPage>('/v1/log', { ...query, after, limit: PAGE });
    yield* page.events;
    after = page.next;
    if (page.atHead) await sleep(POLL_MS, undefined, { signal: client.signal });
  }
}
