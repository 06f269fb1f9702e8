import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { EventStoreUnavailable } from '../event-store/event-store.js';
import { GatehouseError, NotCaughtUp, StoreUnavailable } from '../kernel/errors.js';
import { isTransientDatabaseError } from '../kernel/transient.js';
import { HttpError, statusOf } from './http-error.js';

/** Base URL of the problem types, which also serves their documentation. */
export const PROBLEM_TYPES = 'https://gatehouse.dev/problems/';
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** RFC 9457. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  [member: string]: unknown;
}

export interface ProblemAnswer {
  problem: Problem;
  headers: Record<string, string>;
  /** True for an unexpected error: log it, since the problem hides its details. */
  isInternal: boolean;
}

const RETRY_AFTER_S = '1';
const DISK_FULL = '53100';

const FRAMEWORK: Record<string, { code: string; detail: string }> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'malformed-json', detail: 'the body is not valid JSON: send a JSON document' },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    code: 'malformed-json',
    detail: 'the body is empty, but its Content-Type is JSON: send a JSON document',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body-too-large', detail: 'the body is over 1 MiB: send it in parts' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported-media-type',
    detail: 'the Content-Type is not supported by this route: send application/json',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'bad-request',
    detail: 'the length of the body differs from Content-Length: correct the header',
  },
  FST_ERR_BAD_URL: { code: 'malformed-url', detail: 'the path has an invalid percent-encoding: encode it again' },
};

/**
 * Translates an error for the client.
 * @param isDiskFull called if the database is unreachable, to tell a full disk from an outage
 */
export function toProblem(error: unknown, isDiskFull = () => false): ProblemAnswer {
  if (error instanceof HttpError) {
    const { problem, headers, isInternal } = answer(error.status, error.code, error.message, error.details);
    return { problem, headers: { ...headers, ...error.headers }, isInternal };
  }
  if (error instanceof GatehouseError) return answer(statusOf(error), error.code, error.message, error.details);
  // Nest wraps what Fastify threw.
  const thrown = error instanceof HttpException && error.cause instanceof Error ? error.cause : error;
  const { code = '', statusCode } = thrown as { code?: string; statusCode?: number };
  if (error instanceof NotCaughtUp) return answer(503, 'not-caught-up', error.message);
  if (error instanceof StoreUnavailable || isTransientDatabaseError(error)) {
    const isFull = code === DISK_FULL || codeOf((error as Error).cause) === DISK_FULL || isDiskFull();
    return isFull
      ? answer(503, 'disk-full', 'the disk of the database is full: free some space, then send the same request again')
      : answer(503, 'store-unavailable', `${storeOf(error)} does not answer: send the same request again`);
  }
  const framework = FRAMEWORK[code];
  if (framework) return answer(statusCode ?? 400, framework.code, framework.detail);
  if (thrown instanceof SyntaxError && statusCode === 400)
    return answer(400, 'malformed-json', 'the body is not valid JSON: send a JSON document');
  const status = error instanceof HttpException ? error.getStatus() : (statusCode ?? 500);
  if (status === 404) return answer(404, 'route-unknown', 'there is no such route: GET /openapi.json lists them');
  if (status >= 400 && status < 500)
    return answer(status, kebab(STATUS_CODES[status] ?? 'bad-request'), (error as Error).message);
  const internal = answer(
    500,
    'internal-error',
    'an internal error occurred: report its incident id, which is in the log',
  );
  return { ...internal, isInternal: true };
}

/** Whether a body that nobody reads may go on for ever: Node would read and discard it. */
export const isEndless = ({ raw, headers }: Pick<FastifyRequest, 'raw' | 'headers'>): boolean =>
  !raw.complete && headers['transfer-encoding'] !== undefined;

function answer(status: number, code: string, detail: string, members: Record<string, unknown> = {}): ProblemAnswer {
  const title = code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' ');
  const headers: Record<string, string> = {};
  if (status === 503) headers['retry-after'] = RETRY_AFTER_S;
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return { problem: { type: PROBLEM_TYPES + code, title, status, detail, ...members }, headers, isInternal: false };
}

const storeOf = (error: unknown) => (error instanceof EventStoreUnavailable ? 'the event store' : 'the database');

const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;

const kebab = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
