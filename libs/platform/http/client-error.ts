import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { GatehouseError } from '../../kernel/errors.js';
import { PROBLEM_MEDIA_TYPE, toProblem } from './problem.js';

const KNOWN: Record<string, GatehouseError> = {
  ERR_HTTP_REQUEST_TIMEOUT: new GatehouseError(
    'request-timeout',
    'the request did not arrive in time: send it again',
    408,
  ),
  HPE_HEADER_OVERFLOW: new GatehouseError(
    'headers-too-large',
    'the headers are too large: send fewer or shorter ones',
    431,
  ),
};
const MALFORMED = new GatehouseError('malformed-request', 'the request is not well-formed HTTP/1.1', 400);

/** Answers what never became a request, as a problem document like every other error, and hangs up. */
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
