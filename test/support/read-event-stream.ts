import { createParser } from 'eventsource-parser';

export interface Message {
  id: string;
  /** Empty if a browser's `onmessage` would receive it. */
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: specs read any answer
  data: any;
}

/**
 * The messages of a Server-Sent Events stream as they come, until it ends or the caller breaks out, which disconnects.
 * @param lastEventId as a client that reconnects sends it
 */
export async function* readEventStream(
  url: string,
  token: string,
  { lastEventId, signal }: { lastEventId?: string | undefined; signal?: AbortSignal } = {},
): AsyncGenerator<Message> {
  const stop = new AbortController();
  const ending = signal ? AbortSignal.any([stop.signal, signal]) : stop.signal;
  const headers: Record<string, string> = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
  if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
  try {
    const answer = await fetch(url, { headers, signal: ending });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
    let messages: Message[] = [];
    const parser = createParser({
      onEvent({ id = '', event = '', data }) {
        messages.push({ id, name: event, data: JSON.parse(data) });
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of answer.body!) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      yield* messages;
      messages = [];
    }
  } catch (error) {
    if (!ending.aborted) throw error;
  } finally {
    stop.abort();
  }
}
