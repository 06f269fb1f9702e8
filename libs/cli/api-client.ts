import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidInput } from '../kernel/errors.js';
import { ApiProblem, NotReachable, readProblem } from './api-errors.js';

export type Query = Record<string, string | number | boolean | undefined>;

export interface RequestOptions {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  /** Whether the request is idempotent and may be retried. GET, PUT and DELETE are by default. */
  repeatable?: boolean;
}

export interface ClientOptions {
  url: string;
  token?: string;
  signal: AbortSignal;
  /** The moment as of which it reads; then it changes nothing. */
  asOf?: string;
  /** The first wait between two attempts, in ms; it doubles with every attempt. */
  retryMs?: number;
}

export interface Content {
  mediaType: string;
  bytes: Buffer;
  headers: Headers;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

const TRIES = 8;
const LONGEST_WAIT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 60_000;
const PAGE = 500;
const TRY_LATER = [429, 503];
/** The characters of a bearer token (RFC 6750). */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** A client of the public API. It retries idempotent requests while the backend is briefly unavailable. */
export class ApiClient {
  readonly url: string;
  readonly token: string | undefined;
  readonly signal: AbortSignal;
  private readonly asOf: string | undefined;
  private readonly retryMs: number;
  /** Before the first response, a refused connection means that no server runs; later, that it restarts. */
  private hasAnswered = false;

  /** @throws InvalidInput if the URL or the token is malformed */
  constructor({ url, token, signal, asOf, retryMs = 200 }: ClientOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new InvalidInput([
        { field: '--url', message: `is ${url}, which is not an HTTP URL: use one such as http://127.0.0.1:8080` },
      ]);
    }
    if (token !== undefined && !TOKEN.test(token)) {
      throw new InvalidInput([
        { field: 'the token', message: 'has a character that tokens never contain: copy it again' },
      ]);
    }
    this.url = url.replace(/\/+$/, '');
    this.token = token;
    this.signal = signal;
    this.asOf = asOf;
    this.retryMs = retryMs;
  }

  /** A client of the same backend with another credential, signal or moment. */
  with(other: Partial<Pick<ClientOptions, 'token' | 'signal' | 'asOf'>>): ApiClient {
    const { url, token, signal, asOf, retryMs } = this;
    return new ApiClient({
      ...{ url, signal, retryMs },
      ...(token === undefined ? {} : { token }),
      ...(asOf === undefined ? {} : { asOf }),
      ...other,
    });
  }

  get<Answer>(path: string, query?: Query): Promise<Answer> {
    return this.request('GET', path, { query });
  }

  post<Answer>(path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.request('POST', path, { ...options, body });
  }

  put<Answer>(path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.request('PUT', path, { ...options, body });
  }

  delete<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
    return this.request('DELETE', path, options);
  }

  /** The items of a list, page by page, up to a maximum. */
  async list<Item>(path: string, query: Query, most: number): Promise<Item[]> {
    const items: Item[] = [];
    let cursor: string | undefined;
    do {
      const limit = Math.min(PAGE, most - items.length);
      const page = await this.get<{ items: Item[]; nextCursor?: string }>(path, { ...query, limit, cursor });
      if (!Array.isArray(page.items)) throw notGatehouse(this.url, `with a list at ${path}`);
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined && items.length < most);
    return items;
  }

  /** @throws ApiProblem, NotReachable */
  async request<Answer>(method: Method, path: string, options: RequestOptions): Promise<Answer> {
    const repeatable = options.repeatable ?? method !== 'POST';
    for (let attempt = 1; ; attempt++) {
      const wasThere = this.hasAnswered;
      try {
        return await this.attempt<Answer>(method, path, options);
      } catch (error) {
        const waitMs = leastWaitMs(error, wasThere);
        if (!repeatable || waitMs === undefined || attempt === TRIES) throw error;
        const backoff = Math.min(LONGEST_WAIT_MS, this.retryMs * 2 ** (attempt - 1));
        await sleep(Math.max(waitMs, backoff), undefined, { signal: this.signal });
      }
    }
  }

  /** Opens an endless response. @throws ApiProblem, NotReachable */
  async open(path: string, query: Query, headers: Record<string, string>): Promise<ReadableStream<Uint8Array>> {
    const response = await this.send('GET', path, { query, headers }, this.signal);
    if (!response.ok) throw await problemOf(response, `GET ${path}`);
    if (!response.body) throw new NotReachable('no-stream', `${this.url}${path} responded without a body: try again`);
    return response.body as ReadableStream<Uint8Array>;
  }

  /** Asks for a picture or another file. @throws ApiProblem, NotReachable */
  async content(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Content> {
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    const response = await this.send(method, path, { body }, signal);
    if (!response.ok) throw await problemOf(response, `${method} ${path}`);
    const bytes = await response.arrayBuffer().catch((error) => {
      this.signal.throwIfAborted();
      throw notReachable(this.url, error as Error);
    });
    const { headers } = response;
    return { mediaType: headers.get('content-type') ?? '', bytes: Buffer.from(bytes), headers };
  }

  private async attempt<Answer>(method: Method, path: string, options: RequestOptions): Promise<Answer> {
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    const response = await this.send(method, path, options, signal);
    if (!response.ok) throw await problemOf(response, `${method} ${path}`);
    return this.answerOf<Answer>(response);
  }

  private async send(method: Method, path: string, options: RequestOptions, signal: AbortSignal): Promise<Response> {
    const { query, body, headers = {} } = options;
    const url = new URL(this.url + path);
    const { asOf } = this;
    if (asOf !== undefined && method !== 'GET')
      throw new InvalidInput([
        { field: '--as-of', message: 'is for reading: leave out the options that change something' },
      ]);
    for (const [name, value] of Object.entries({ asOf, ...query })) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    try {
      const response = await fetch(url, {
        method,
        signal,
        headers: {
          ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      this.hasAnswered = true;
      return response;
    } catch (error) {
      this.signal.throwIfAborted();
      throw notReachable(this.url, error as Error);
    }
  }

  private async answerOf<Answer>(response: Response): Promise<Answer> {
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      this.signal.throwIfAborted();
      throw notReachable(this.url, error as Error);
    }
    const answer = text === '' ? {} : jsonOf(text);
    // Every answer of the API is an object.
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
      throw notGatehouse(this.url, answer === undefined ? 'with JSON' : 'with a JSON object');
    }
    return answer as Answer;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const notGatehouse = (url: string, missing: string): NotReachable =>
  new NotReachable(
    'not-gatehouse',
    `${url} responds, but not ${missing}, so it is not Gatehouse: correct --url or GATEHOUSE_URL`,
  );

/** At least how long to wait before a retry, in ms; undefined if a retry can't help. */
function leastWaitMs(error: unknown, wasThere: boolean): number | undefined {
  if (error instanceof ApiProblem) return TRY_LATER.includes(error.status) ? error.retryAfterMs : undefined;
  if (!(error instanceof NotReachable)) return undefined;
  return error.code === 'connection-lost' || (error.code === 'connection-refused' && wasThere) ? 0 : undefined;
}

async function problemOf(response: Response, request: string): Promise<ApiProblem> {
  const text = await response.text().catch(() => '');
  const detail = `the response is ${response.status} ${response.statusText} without a problem document: check --url`;
  const problem = readProblem(text) ?? { detail };
  const retryAfterMs = Number(response.headers.get('retry-after') ?? 0) * 1000 || 0;
  return new ApiProblem(response.status, problem, request, retryAfterMs);
}

function notReachable(url: string, error: Error): NotReachable {
  const code = codeOf(error);
  const start = 'start the server with npm start, or correct --url or GATEHOUSE_URL';
  if (error.name === 'TimeoutError') {
    return new NotReachable('timed-out', `${url} did not respond within ${REQUEST_TIMEOUT_MS / 1000} s: try again`);
  }
  if (code === 'ECONNREFUSED') return new NotReachable('connection-refused', `no server listens at ${url}: ${start}`);
  if ((error.cause as Error | undefined)?.message === 'bad port') {
    return new NotReachable('port-blocked', `HTTP clients block the port of ${url}: correct --url or GATEHOUSE_URL`);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new NotReachable('host-unknown', `the host of ${url} is unknown: correct --url or GATEHOUSE_URL`);
  }
  const why = code || error.message;
  return new NotReachable(
    'connection-lost',
    `the connection to ${url} was lost (${why}): repeat the command, which is safe`,
  );
}

/** The system's error code. fetch has it in the cause or, after several addresses, in the first error of the cause. */
function codeOf(error: Error): string {
  const cause = error.cause as { code?: string; errors?: { code?: string }[] } | undefined;
  return cause?.code ?? cause?.errors?.[0]?.code ?? '';
}
