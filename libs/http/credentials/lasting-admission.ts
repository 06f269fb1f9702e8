import type { GatehouseRequest } from '../request-context.js';
import type { Authenticator } from './authenticator.js';
import { bearerOf } from './credentials.js';

const ASK_EVERY_MS = 1_000;

/**
 * For a streaming response: call the returned function before each part to check that the request would still be admitted.
 * A credential that can't be verified at the moment ends the response; the client's next request gets the reason.
 */
export function lastingAdmission(authenticator: Authenticator, request: GatehouseRequest): () => Promise<boolean> {
  const credential = bearerOf(request.headers.authorization);
  const role = request.admittedRole;
  let askedAt = performance.now();
  let admitted = true;
  return async () => {
    if (admitted && credential && role && performance.now() - askedAt >= ASK_EVERY_MS) {
      askedAt = performance.now();
      const principal = await authenticator.authenticate(credential).catch(() => undefined);
      admitted = principal?.roles.includes(role) === true;
    }
    return admitted;
  };
}
