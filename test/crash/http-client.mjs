import { setTimeout as sleep } from 'node:timers/promises';

const ANSWER_MS = 15_000;
const RETRY_MS = 200;

/**
 * Sends a request to one process.
 * @returns status, body and headers of the answer, and the times of request and answer in milliseconds of
 * performance.now; undefined if there was no answer, so that the outcome is unknown
 */
export async function askAt(
  url,
  token,
  method,
  path,
  body,
  { mediaType = 'application/json', longestMs = ANSWER_MS } = {},
) {
  const askedAt = performance.now();
  try {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': mediaType }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(longestMs),
    });
    const text = await answer.text();
    const { status, headers } = answer;
    return { status, body: text ? JSON.parse(text) : undefined, headers, url, askedAt, answeredAt: performance.now() };
  } catch {
    return undefined;
  }
}

/** Sends requests with one token to any running gateway. */
export class HttpClient {
  constructor(gateways, token) {
    this.gateways = gateways;
    this.token = token;
    this.turn = 0;
  }

  async ask(method, path, body, mediaType) {
    const up = this.gateways.filter(({ url }) => url !== undefined);
    if (up.length === 0) return undefined;
    const { url } = up[this.turn++ % up.length];
    return askAt(url, this.token, method, path, body, { mediaType });
  }

  /** Retries until there is an answer that does not ask for a retry. */
  async insist(method, path, body, mediaType) {
    for (;;) {
      const answer = await this.ask(method, path, body, mediaType);
      if (answer && answer.status < 500 && answer.status !== 429) return answer;
      await sleep(RETRY_MS);
    }
  }
}
