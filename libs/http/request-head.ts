import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.js';

/** The error for a request that HTTP itself forbids to carry out, although Node parses it. */
export function headError(request: IncomingMessage): HttpError | undefined {
  if (hasWrongHost(request))
    return new HttpError(400, 'malformed-request', 'a request has exactly one Host header: send one');
  const { expect } = request.headers;
  if (expect === undefined || request.httpVersion === '1.0' || expectsContinue(request)) return undefined;
  const detail = `the Expect header is ${JSON.stringify(expect)}: send 100-continue, or none`;
  return new HttpError(417, 'expectation-failed', detail);
}

/** RFC 9112, section 3.2. Of two, Node hides the second, which a proxy may have gone by. */
export function hasWrongHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let hosts = 0;
  for (let n = 0; n < rawHeaders.length; n += 2)
    if (rawHeaders[n]!.length === 4 && rawHeaders[n]!.toLowerCase() === 'host') hosts++;
  return hosts > 1 || (hosts === 0 && httpVersion !== '1.0');
}

/** Whether the client sends the body only after it was asked to. RFC 9110, section 10.1.1: not in HTTP/1.0. */
export const expectsContinue = ({ headers, httpVersion }: IncomingMessage): boolean =>
  httpVersion !== '1.0' && headers.expect?.toLowerCase() === '100-continue';
