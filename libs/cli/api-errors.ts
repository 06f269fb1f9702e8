import { HttpError } from '../http/http-error.js';
import { GatehouseError, type InvalidField } from '../kernel/errors.js';

/** An RFC 9457 problem document. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  errors?: InvalidField[];
  [member: string]: unknown;
}

/** The backend responded with an error. */
export class ApiProblem extends HttpError {
  constructor(
    status: number,
    readonly problem: Problem,
    /** The request, such as `GET /v1/status`. */
    readonly request: string,
    /** How long to wait before a retry; 0 if the backend does not say. */
    readonly retryAfterMs = 0,
  ) {
    const code = problem.type?.split('/').at(-1) || 'unknown-problem';
    super(status, code, problem.detail ?? problem.title ?? `the backend responded with status ${status}`);
  }
}

/** No Gatehouse responds at the address. */
export class NotReachable extends GatehouseError {
  constructor(code: string, message: string) {
    super(code, message, 'unavailable');
  }
}
