import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import { FastifyAdapter, RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify';
import { parseJsonBytes } from '../kernel/json-bytes.js';
import type { Settings } from '../platform/configuration/settings.js';
import { answerClientError, refuseTunnel } from './client-error.js';
import { compressAnswers } from './compression.js';
import { HttpError } from './http-error.js';
import { answerOtherMethods } from './other-methods.js';
import { isEndless, PROBLEM_MEDIA_TYPE, toProblem } from './problem.js';
import { expectsContinue, headError } from './request-head.js';
import { MAX_WAITING, type RequestHandler, RequestQueue } from './request-queue.js';
import { requestTrace, TRACE_HEADER } from './request-trace.js';
import { ResponseHeaders } from './response-headers.js';
import { TooManyRequests } from './too-many-requests.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Admits a request that is no route’s, or throws; set by Admission. */
    admit(request: FastifyRequest): Promise<void>;
  }
}

export const BODY_LIMIT_BYTES = 1024 * 1024;
/** Time for open requests to end once the server closes. */
const GRACE_MS = 5_000;
/** Time to receive a whole request; answers have no limit. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than load balancers keep an idle connection (mostly 60 s), so that they close first and never use a closed one. */
const KEEP_ALIVE_MS = 75_000;
/** Ids have up to 200 characters, each up to three when percent-encoded. */
const PARAMETER_CHARACTERS = 600;

/** Fastify for Nest, with limits, headers and a queue of requests for all routes; a route may set its own headers. */
export async function createHttpAdapter(
  { trustedProxies }: Pick<Settings, 'trustedProxies'>,
  headers = new ResponseHeaders(),
): Promise<FastifyAdapter> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    trustProxy: trustedProxies.isEmpty ? false : (address) => trustedProxies.has(address),
    // Requests on an open connection are still answered; `Connection: close` makes the client reconnect elsewhere.
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    forceCloseConnections: 'idle',
    logger: false,
    frameworkErrors: async (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      // No hook sees a URL that can't be decoded.
      const refusal = await server.admit(request).catch((refused: Error) => refused);
      const { problem, headers: own } = toProblem(refusal ?? error);
      const trace = { [TRACE_HEADER]: requestTrace(request.raw).traceparent };
      reply
        .status(problem.status)
        .headers({ ...headers.of(request), ...trace, ...own, ...(isEndless(request) && { connection: 'close' }) })
        .type(PROBLEM_MEDIA_TYPE)
        .send(JSON.stringify(problem));
    },
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS },
    // Node would answer without a problem document.
    http: { requireHostHeader: false },
  });
  const server = adapter.getInstance();
  server.decorate('admit', async () => {});
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers.of(request)).header(TRACE_HEADER, requestTrace(request.raw).traceparent);
    done();
  });
  server.decorate('requestQueue', new RequestQueue(server.server, trustedProxies, tooManyAhead(headers)));
  closeInTime(server);
  acceptJsonOnly(adapter);
  answerOtherMethods(server);
  refuseBadHeads(server);
  compressAnswers(server);
  leaveOutLengthOf304(server);
  server.server.on('connect', refuseTunnel);
  return adapter;
}

/** Fastify says of an answer to HEAD without a body that its length is 0, which is not that of what the client has. */
function leaveOutLengthOf304(server: FastifyInstance): void {
  const leaveOut: onSendHookHandler = (_request, reply, payload, done) => {
    if (reply.statusCode === 304) reply.removeHeader('content-length');
    done(null, payload);
  };
  server.addHook('onRoute', (route) => {
    if (route.method === 'HEAD') route.onSend = [route.onSend ?? [], leaveOut].flat();
  });
}

/** Once the request is admitted and before its body is read, which a client may still hold back. */
function refuseBadHeads(server: FastifyInstance): void {
  server.addHook('preParsing', (request, reply, body, done) => {
    const refusal = headError(request.raw) ?? encodedBody(request.headers['content-encoding']) ?? notJson(request);
    if (!refusal && expectsContinue(request.raw)) reply.raw.writeContinue();
    done(refusal, body);
  });
}

const tooManyAhead =
  (common: ResponseHeaders): RequestHandler =>
  (request, response) => {
    const { problem, headers } = toProblem(
      new TooManyRequests(`this connection sent over ${MAX_WAITING} requests before their answers`, 1),
    );
    response.writeHead(problem.status, {
      ...common.of(request),
      ...headers,
      [TRACE_HEADER]: requestTrace(request).traceparent,
      'content-type': PROBLEM_MEDIA_TYPE,
    });
    response.end(JSON.stringify(problem));
  };

/** On a route marked with JsonOnly, the error for another type, which Fastify would answer with 415. */
function notJson({ headers, routeOptions }: FastifyRequest): HttpError | undefined {
  if (!(routeOptions.config as RouteOptions).jsonOnly) return undefined;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const type = headers['content-type'];
  if (type === undefined ? !hasBody : /^application\/json\s*(?:;|$)/i.test(type)) return undefined;
  const detail = `the Content-Type is ${JSON.stringify(type ?? '')}: send application/json`;
  return new HttpError(400, 'unsupported-media-type', detail);
}

/** The error for a compressed body. */
function encodedBody(encoding = 'identity'): HttpError | undefined {
  if (encoding.trim().toLowerCase() === 'identity') return undefined;
  const detail = `the Content-Encoding ${JSON.stringify(encoding)} is not supported: send the body uncompressed`;
  return new HttpError(415, 'unsupported-media-type', detail, {}, { 'accept-encoding': 'identity' });
}

/**
 * Accepts JSON in UTF-8 but neither forms, which pages of other sites could send, nor plain text. Replaces Nest's and
 * Fastify's parsers for all three.
 */
function acceptJsonOnly(adapter: FastifyAdapter): void {
  const parse = adapter.getInstance().getDefaultJsonParser('error', 'error');
  adapter.getInstance().removeContentTypeParser('text/plain');
  const limit = { bodyLimit: BODY_LIMIT_BYTES };
  // Keeps the raw body, for handlers that store it unchanged.
  adapter.useBodyParser('application/json', true, limit, (request, body, done) => {
    if (acceptsAnyNames(request)) parseJson(body as Buffer, done);
    // Clients name the type of all they send; a route that needs a body says so.
    else if ((body as Buffer).length === 0) done(null, undefined);
    else if (isUtf8(body as Buffer)) parse(request, body.toString(), done);
    else done(notUtf8());
  });
  adapter.useBodyParser('application/x-www-form-urlencoded', false, limit, (_request, _body, done) => {
    done(new HttpError(415, 'unsupported-media-type', 'forms are not accepted: send application/json'));
  });
}

interface RouteOptions {
  /** Set by AnyNames. */
  anyNames?: boolean;
  /** Set by JsonOnly. */
  jsonOnly?: boolean;
}

/** Answers 400 to a body of another type than application/json, as AuthZEN 1.0 requires, instead of 415. */
export const JsonOnly = () => RouteConfig({ jsonOnly: true } satisfies RouteOptions);

/** Accepts bodies with members named `__proto__` or `constructor.prototype`, which the handler must treat as data. */
export const AnyNames = () => RouteConfig({ anyNames: true } satisfies RouteOptions);

/** True if the route is marked with AnyNames. */
export const acceptsAnyNames = ({ routeOptions }: FastifyRequest): boolean =>
  (routeOptions.config as RouteOptions).anyNames === true;

/** Parses a body without a check of its members' names. */
export function parseJson(body: Buffer, done: (error: Error | null, value?: unknown) => void): void {
  let value: unknown;
  try {
    value = parseJsonBytes(body);
  } catch (error) {
    const detail = `the body is not JSON: ${(error as Error).message}; send one JSON document in UTF-8`;
    done(new HttpError(400, 'malformed-json', detail));
    return;
  }
  done(null, value);
}

/** The error for a body that is not UTF-8: lenient decoding could turn two ids into one. */
const notUtf8 = () => new HttpError(400, 'malformed-json', 'the body is not valid UTF-8: send JSON in UTF-8');

/** Node counts a connection without any request as busy; without this it would delay a shutdown by a minute. */
function closeInTime(fastify: FastifyInstance): void {
  const sockets = new Set<Socket>();
  fastify.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  fastify.addHook('preClose', (done) => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    setTimeout(() => fastify.server.closeAllConnections(), GRACE_MS).unref();
    done();
  });
}
