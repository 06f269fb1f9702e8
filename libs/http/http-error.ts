import { type ErrorKind, GatehouseError } from '../kernel/errors.js';

const STATUS: Record<ErrorKind, number> = {
  'invalid-input': 400,
  refused: 409,
  'not-found': 404,
  gone: 410,
  'too-large': 413,
  unavailable: 503,
  failed: 500,
};

/** An error that exists only over HTTP, with its status. */
export class HttpError extends GatehouseError {
  constructor(
    /** RFC 9110, section 15. */
    readonly status: number,
    code: string,
    message: string,
    details?: Record<string, unknown>,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message, kindOf(status), details);
  }
}

/** The HTTP status of an error. */
export const statusOf = (error: GatehouseError): number =>
  error instanceof HttpError ? error.status : STATUS[error.kind];

/** The kind of error that a status means outside HTTP. */
function kindOf(status: number): ErrorKind {
  const kinds = Object.keys(STATUS) as ErrorKind[];
  return kinds.find((kind) => STATUS[kind] === status) ?? (status >= 500 ? 'failed' : 'invalid-input');
}
