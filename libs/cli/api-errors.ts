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

const isObject = (json: unknown): json is Record<string, unknown> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

const isField = (one: unknown): one is InvalidField =>
  isObject(one) && typeof one.field === 'string' && typeof one.message === 'string';

/**
 * The problem in the body of a response, which need not come from Gatehouse: a member of another type than the standard's is
 * left out (RFC 9457, section 3.1). Undefined if the body is no JSON object.
 */
export function readProblem(body: string): Problem | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isObject(json)) return undefined;
  const { type, title, status, detail, errors, ...more } = json;
  return {
    ...more,
    ...(typeof type === 'string' && { type }),
    ...(typeof title === 'string' && { title }),
    ...(typeof status === 'number' && { status }),
    ...(typeof detail === 'string' && { detail }),
    ...(Array.isArray(errors) && { errors: errors.filter(isField) }),
  };
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
    super(status, code, problem.detail || problem.title || `the backend responded with status ${status}`);
  }
}

/** No Gatehouse responds at the address. */
export class NotReachable extends GatehouseError {
  constructor(code: string, message: string) {
    super(code, message, 'unavailable');
  }
}
