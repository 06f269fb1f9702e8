import type { IncomingMessage } from 'node:http';

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

/** Names the log that the positions of an answer belong to. */
const EPOCH_HEADER = 'gatehouse-log-epoch';

/** AuthZEN 1.0, section 10.1.3: the name that a caller gives a request, which the response repeats. */
const REQUEST_ID = 'x-request-id';
/** Node sends other characters in other bytes than it received. */
const ASCII = /^[ -~]+$/;

/** The headers of every response, unless its route sets its own. Computed once for each epoch of the log. */
export class ResponseHeaders {
  private epoch: string | undefined;
  private headers: Record<string, string> = SECURITY_HEADERS;

  /** @param log without it, no header names the epoch */
  constructor(private readonly log?: { current: string }) {}

  get current(): Readonly<Record<string, string>> {
    if (this.log && this.epoch !== this.log.current) {
      this.epoch = this.log.current;
      this.headers = { ...SECURITY_HEADERS, [EPOCH_HEADER]: this.epoch };
    }
    return this.headers;
  }
  /** With those that the response repeats from its request. */
  of({ headers }: Pick<IncomingMessage, 'headers'>): Readonly<Record<string, string>> {
    const requestId = headers[REQUEST_ID];
    if (typeof requestId !== 'string' || !ASCII.test(requestId)) return this.current;
    return { ...this.current, [REQUEST_ID]: requestId };
  }
}
