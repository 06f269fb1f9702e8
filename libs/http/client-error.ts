import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { HttpError } from './http-error.js';
import { PROBLEM_MEDIA_TYPE, toProblem } from './problem.js';

const KNOWN: Record<string, HttpError> = {
  ERR_HTTP_REQUEST_TIMEOUT: new HttpError(408, 'request-timeout', 'the request did not arrive in time: send it again'),
  HPE_HEADER_OVERFLOW: new HttpError(431, 'headers-too-large', 'the headers are too large: send fewer or shorter ones'),
};
const MALFORMED = new HttpError(400, 'malformed-request', 'the request is not well-formed HTTP/1.1: send a valid one');

/** Answers input that Node could not parse into a request with a problem document, then closes the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const { problem } = toProblem(KNOWN[error.code ?? ''] ?? MALFORMED);
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      `content-type: ${PROBLEM_MEDIA_TYPE}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroy();
}
