import { setTimeout as sleep } from 'node:timers/promises';

const ANSWER_MS = 15_000;
const AGAIN_MS = 200;

/**
 * Asks one process.
 * @returns status, body, the answer's headers and, in milliseconds of performance.now, when it was asked and answered;
 * undefined when there was no answer, and nobody knows what happened
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

/** Asks any gateway that is up, with one token. */
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

  /** Asks again until there is an answer that is not "later". */
  async insist(method, path, body, mediaType) {
    for (;;) {
      const answer = await this.ask(method, path, body, mediaType);
      if (answer && answer.status < 500 && answer.status !== 429) return answer;
      await sleep(AGAIN_MS);
    }
  }
}
