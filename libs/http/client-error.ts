import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { HttpError } from './http-error.js';
import { methodUnknown } from './other-methods.js';
import { PROBLEM_MEDIA_TYPE, toProblem } from './problem.js';
import { mayAnswerInput } from './request-queue.js';

const KNOWN: Record<string, HttpError> = {
  ERR_HTTP_REQUEST_TIMEOUT: new HttpError(408, 'request-timeout', 'the request did not arrive in time: send it again'),
  HPE_HEADER_OVERFLOW: new HttpError(431, 'headers-too-large', 'the headers are too large: send fewer or shorter ones'),
};
const MALFORMED = new HttpError(400, 'malformed-request', 'the request is not well-formed HTTP/1.1: send a valid one');

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}) \S+ HTTP\/1\.[01]\r?$/m;

interface ClientError extends Error {
  code?: string;
  /** What was read, and how much of it was parsed. */
  rawPacket?: unknown;
  bytesParsed?: number;
}

/** More input after a request with `Connection: close`, which is answered nevertheless and ends the connection. */
const AFTER_THE_LAST = 'HPE_CLOSED_CONNECTION';

/**
 * Answers input that Node could not parse into a request with a problem document, then closes the connection. Before the
 * answers to earlier requests it would be taken for one of them, so it only closes.
 */
export function answerClientError(error: ClientError, socket: Socket): void {
  if (error.code === AFTER_THE_LAST) return;
  if (error.code !== 'ECONNRESET' && mayAnswerInput(socket))
    write(KNOWN[error.code ?? ''] ?? unknownMethod(error) ?? MALFORMED, socket);
  socket.destroy();
}

/** Answers CONNECT, which Node parses into no request. */
export function refuseTunnel({ method = '' }: IncomingMessage, socket: Duplex): void {
  if (mayAnswerInput(socket)) write(methodUnknown(method), socket);
  socket.destroy();
}

/** Node parses only the methods that it knows. */
function unknownMethod({ code, rawPacket, bytesParsed = 0 }: ClientError): HttpError | undefined {
  if (code !== 'HPE_INVALID_METHOD' || !Buffer.isBuffer(rawPacket)) return undefined;
  const line = bytesParsed === 0 ? 0 : rawPacket.lastIndexOf('\n', bytesParsed - 1) + 1;
  const method = REQUEST_LINE.exec(rawPacket.subarray(line).toString('latin1').split('\n', 1)[0]!)?.[1];
  return method === undefined ? undefined : methodUnknown(method);
}

function write(error: HttpError, socket: Duplex): void {
  if (socket.writable) {
    const { problem } = toProblem(error);
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      `content-type: ${PROBLEM_MEDIA_TYPE}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
}
