import { setTimeout as sleep } from 'node:timers/promises';

const ANSWER_MS = 15_000;
const AGAIN_MS = 200;

/** Asks any gateway that is up, with one token. Anything but an answer means that nobody knows what happened. */
export class HttpClient {
  constructor(gateways, token) {
    this.gateways = gateways;
    this.token = token;
    this.turn = 0;
  }

  /** @returns status and body; undefined when there was no answer */
  async ask(method, path, body, mediaType = 'application/json') {
    const up = this.gateways.filter(({ url }) => url !== undefined);
    if (up.length === 0) return undefined;
    const { url } = up[this.turn++ % up.length];
    try {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.token}`, ...(body && { 'content-type': mediaType }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const text = await answer.text();
      return { status: answer.status, body: text ? JSON.parse(text) : undefined, url };
    } catch {
      return undefined;
    }
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
