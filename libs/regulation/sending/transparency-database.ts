import { DAY_MS } from '../../kernel/clock.js';
import type { Submission } from '../statement.js';
import { SubmissionFailure } from './submission-failure.js';

/** What the database answered to statements. Of those that it did not create, it created none of the call. */
export type SubmissionAnswer =
  | { outcome: 'created' }
  /** By the place of the statement in the call. */
  | { outcome: 'refused'; errors: ReadonlyMap<number, readonly string[]> }
  /** It has these already. */
  | { outcome: 'existing'; puids: ReadonlySet<string> }
  /** It refused the call, and does not say because of which statement. */
  | { outcome: 'refused-whole'; errors: readonly string[] };

/** The Commission's database of statements of reasons. */
export interface TransparencyDatabase {
  /** @param submissions at most 100 @throws SubmissionFailure */
  submit(submissions: readonly Submission[], signal?: AbortSignal): Promise<SubmissionAnswer>;
  /** Whether it has a statement. @throws SubmissionFailure */
  has(puid: string, signal?: AbortSignal): Promise<boolean>;
}

export interface DatabaseAddress {
  /** The root of its API, like `https://transparency.dsa.ec.europa.eu/api/v1`. */
  url: string;
  /** Read for each call, since a new token ends the old one. */
  token(): Promise<string>;
  timeoutMs: number;
}

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_ERRORS = 20;
const MAX_ERROR_LENGTH = 300;
/** Errors are by statement and field: what is deeper is not looked at. */
const MAX_DEPTH = 8;
const CREATED = 201;
const FOUND = 302;
const NOT_FOUND = 404;
const TOO_MANY = 429;
/** What is wrong is in the request, and the same one would be refused again. */
const REFUSING = new Set([400, 413, 422]);

interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a foreign answer, which is checked where it is used
  body: any;
}

export class HttpTransparencyDatabase implements TransparencyDatabase {
  constructor(private readonly address: DatabaseAddress) {}

  async submit(submissions: readonly Submission[], signal?: AbortSignal): Promise<SubmissionAnswer> {
    const answer = await this.ask('POST', '/statements', signal, JSON.stringify({ statements: submissions }));
    if (answer.status === CREATED) return { outcome: 'created' };
    if (!REFUSING.has(answer.status)) throw failureOf(answer);
    const { message, errors } = objectIn(answer.body);
    const given = objectIn(errors);
    const existing = textsIn(given.existing_puids).filter((puid) => submissions.some((one) => one.puid === puid));
    if (existing.length > 0) return { outcome: 'existing', puids: new Set(existing) };
    const byPlace = submissions.flatMap((_, place): [number, string[]][] => {
      const own = given[`statement_${place}`];
      return own === undefined ? [] : [[place, linesOf(own)]];
    });
    if (byPlace.length > 0) return { outcome: 'refused', errors: new Map(byPlace) };
    const lines = linesOf(errors ?? message);
    return { outcome: 'refused-whole', errors: lines[0] === NO_REASON ? [`it answered ${answer.status}`] : lines };
  }

  async has(puid: string, signal?: AbortSignal): Promise<boolean> {
    const answer = await this.ask('GET', `/statement/existing-puid/${encodeURIComponent(puid)}`, signal);
    if (answer.status === FOUND) return true;
    if (answer.status === NOT_FOUND) return false;
    throw failureOf(answer);
  }

  private async ask(method: string, path: string, signal?: AbortSignal, body?: string): Promise<Answer> {
    const token = await this.address.token();
    const ends = [AbortSignal.timeout(this.address.timeoutMs), ...(signal ? [signal] : [])];
    try {
      const response = await fetch(`${this.address.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          'content-type': 'application/json',
          'user-agent': 'gatehouse',
        },
        ...(body !== undefined && { body }),
        redirect: 'manual',
        signal: AbortSignal.any(ends),
      });
      return { status: response.status, headers: response.headers, body: parsed(await limitedText(response)) };
    } catch (error) {
      const { name, cause } = error as Error & { cause?: { code?: string } };
      const why = name === 'TimeoutError' ? `within ${this.address.timeoutMs} ms` : `(${cause?.code ?? name})`;
      // Whether it has stored the statements is not known.
      throw new SubmissionFailure(`the database did not answer ${why}`, { isLost: true });
    }
  }
}

function failureOf({ status, headers }: Answer): SubmissionFailure {
  if (status === TOO_MANY)
    return new SubmissionFailure('the database answers 429: too many requests', { waitMs: waitOf(headers) });
  if (status === 401 || status === 403)
    return new SubmissionFailure(`the database answers ${status}: give this process a valid token of the platform`);
  if (status >= 500)
    return new SubmissionFailure(`the database answers ${status}`, { isLost: true, waitMs: waitOf(headers) });
  return new SubmissionFailure(`the database answers ${status}: check the URL of its API`);
}

/** `Retry-After` in seconds or as a date; a day at most, so that a wrong one does not end the sending. */
function waitOf(headers: Headers): number | undefined {
  const given = headers.get('retry-after');
  if (given === null) return undefined;
  if (/^\d{1,6}$/.test(given)) return Math.min(Number(given) * 1_000, DAY_MS);
  const date = headers.get('date');
  const ms = Date.parse(given) - Date.parse(date ?? '');
  return ms >= 0 ? Math.min(ms, DAY_MS) : undefined;
}

const NO_REASON = 'no reason';

/** `field: message` for each message. */
function linesOf(errors: unknown): string[] {
  const lines: string[] = [];
  const collect = (value: unknown, path: string, depth: number) => {
    if (lines.length === MAX_ERRORS || depth > MAX_DEPTH) return;
    if (typeof value === 'string') lines.push(lineOf(path === '' ? value : `${path}: ${value}`));
    else if (Array.isArray(value)) for (const one of value) collect(one, path, depth + 1);
    else
      for (const [name, one] of Object.entries(objectIn(value)))
        collect(one, path === '' ? name : `${path}.${name}`, depth + 1);
  };
  collect(errors, '', 0);
  return lines.length === 0 ? [NO_REASON] : lines;
}

/** Printable, since it is stored and shown. */
const lineOf = (text: string): string => {
  // A half of a surrogate pair is none of these either.
  const printable = text.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ');
  return [...printable].slice(0, MAX_ERROR_LENGTH).join('').trim() || NO_REASON;
};

const objectIn = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const textsIn = (value: unknown): string[] =>
  Object.values(objectIn(value)).filter((one): one is string => typeof one === 'string');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function limitedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
