import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Draining } from './draining.js';
import type { RequestDurations } from './request-durations.js';
import { hasWrongHost } from './request-head.js';
import type { RequestHandler } from './request-queue.js';
import { requestTrace, TRACE_HEADER } from './request-trace.js';
import type { ResponseHeaders } from './response-headers.js';

const JSON_TYPES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8']);
/** As much as Node buffers of a body that nobody reads. */
const MAX_BODY_BYTES = 16 * 1024;
const JSON_TYPE = ['content-type', 'application/json; charset=utf-8'];

/** The JSON text of the answer, in ASCII; undefined or an error if the route has to answer the request. */
type Answer = (json: unknown, request: IncomingMessage) => string | undefined | Promise<string | undefined>;

export interface AheadParts {
  durations: RequestDurations;
  draining: Draining;
  headers: ResponseHeaders;
}

/**
 * Answers small JSON posts to a URL ahead of the hooks and routes of Fastify and Nest, which cost more than a quick answer.
 * A request that is unusual in any way continues to its route, as it arrived. Responses have the same bytes either way.
 */
export function answerAhead(server: FastifyInstance, url: string, answer: Answer, parts: AheadParts): void {
  const { durations, draining, headers } = parts;
  let common: Readonly<Record<string, string>> = {};
  /** Those of a request without headers that its response repeats. */
  let commonInTurn: string[] = [];
  const parse = server.getDefaultJsonParser('error', 'error');
  let pass: RequestHandler;
  server.requestQueue.insert((next) => {
    pass = next;
    return (request, response) => {
      if (request.url === url && isPlainPost(request) && !draining.signal.aborted) answerOrPass(request, response);
      else next(request, response);
    };
  });

  function answerOrPass(request: IncomingMessage, response: ServerResponse): void {
    const arrivedAt = performance.now();
    const length = Number(request.headers['content-length']);
    request.on('readable', function read() {
      const body: Buffer | null = request.read(length);
      if (body === null) return;
      request.off('readable', read);
      const answered = attempt(body, request);
      if (typeof answered === 'string') return send(answered);
      request.unshift(body); // the route reads it again
      void Promise.resolve(answered).then(sendOrPass, () => sendOrPass(undefined));
    });

    function sendOrPass(text: string | undefined): void {
      if (text === undefined) pass(request, response);
      else send(text);
    }

    function send(text: string): void {
      const own = [
        TRACE_HEADER,
        requestTrace(request).traceparent,
        ...JSON_TYPE,
        'content-length',
        String(text.length),
      ];
      response.writeHead(200, [...headersInTurn(request), ...own]);
      response.end(text, () =>
        durations.record({ method: 'POST', route: url, status: 200 }, performance.now() - arrivedAt),
      );
    }
  }

  /** Names and values in turn, which `writeHead` accepts without copying them. */
  function headersInTurn(request: IncomingMessage): readonly string[] {
    const own = headers.of(request);
    if (own !== headers.current) return inTurn(own);
    if (common !== own) {
      common = own;
      commonInTurn = inTurn(own);
    }
    return commonInTurn;
  }

  function attempt(body: Buffer, request: IncomingMessage): ReturnType<Answer> {
    let answered: ReturnType<Answer>;
    try {
      if (isUtf8(body)) {
        void parse({} as FastifyRequest, body.toString(), (error, json) => {
          if (!error) answered = answer(json, request);
        });
      }
    } catch {
      return undefined; // the route meets the same error and reports it
    }
    return answered;
  }
}

const inTurn = (headers: Readonly<Record<string, string>>): string[] => Object.entries(headers).flat();

function isPlainPost(request: IncomingMessage): boolean {
  const { method, headers } = request;
  const length = Number(headers['content-length']);
  return (
    method === 'POST' &&
    length > 0 &&
    length <= MAX_BODY_BYTES &&
    JSON_TYPES.has(headers['content-type']) &&
    headers['content-encoding'] === undefined &&
    headers.expect === undefined &&
    !hasWrongHost(request)
  );
}
