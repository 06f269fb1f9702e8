import { once } from 'node:events';
import type { FastifyReply } from 'fastify';
import type { Page } from '../../event-store/event-store.js';
import type { CloudEvent } from '../../events/cloud-event.js';
import type { Position } from '../../kernel/envelope.js';

export interface EventStream {
  pages: AsyncIterable<Page>;
  outgoing(page: Page): CloudEvent[];
  /** The log's, at the beginning of the stream. */
  epoch: string;
  /** Called before each page; the stream ends if it returns false. */
  mayGoOn(): Promise<boolean>;
}

/**
 * Server-Sent Events (WHATWG HTML, section 9.2): one message per event with its epoch and position as the id, so that a client
 * that reconnects with Last-Event-ID continues without gap or repeat. Without a name, since `onmessage` of a browser would
 * not receive a named one. If a page has no event for the client, a comment
 * keeps the connection alive. A slow client slows its own reading; nothing is buffered here.
 */
export async function sendEventStream(
  reply: FastifyReply,
  { pages, outgoing, epoch, mayGoOn }: EventStream,
  stop: AbortController,
): Promise<void> {
  const { raw } = reply;
  reply.hijack();
  raw.on('close', () => stop.abort());
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.write('retry: 1000\n\n');
  let lastId: Position = -1;
  for await (const page of pages) {
    if (!(await mayGoOn())) break;
    const text = outgoing(page)
      .map((event) => `id: ${epoch}-${event.position}\ndata: ${JSON.stringify(event)}\n\n`)
      .join('');
    // Without events the id still advances now and then, so that a reconnect need not scan everything again.
    const message =
      text || (page.next > lastId + IDS_EVERY ? `: at ${page.next}\nid: ${epoch}-${page.next}\n\n` : ': \n\n');
    if (text || page.next > lastId + IDS_EVERY) lastId = page.next;
    if (stop.signal.aborted || raw.destroyed) break;
    if (!raw.write(message)) await once(raw, 'drain', { signal: stop.signal }).catch(() => {});
  }
  // A slow client resumes after a reconnect; waiting for it would delay a shutdown.
  if (raw.writableNeedDrain) raw.destroy();
  else raw.end();
}

const IDS_EVERY = 10_000;
