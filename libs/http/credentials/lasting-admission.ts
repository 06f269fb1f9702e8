import type { GatehouseRequest } from '../request-context.js';
import type { Authenticator } from './authenticator.js';
import { bearerOf } from './credentials.js';

const ASK_EVERY_MS = 1_000;

/**
 * For an answer that goes on and on: whether its request would still be admitted, to be asked before each part. A
 * credential that can't be looked at for now admits no longer; whoever asks again is told why.
 */
export function lastingAdmission(authenticator: Authenticator, request: GatehouseRequest): () => Promise<boolean> {
  const credential = bearerOf(request.headers.authorization);
  const role = request.admittedRole;
  let askedAt = performance.now();
  let admitted = true;
  return async () => {
    if (admitted && credential && role && performance.now() - askedAt >= ASK_EVERY_MS) {
      askedAt = performance.now();
      const principal = await authenticator.authenticate(credential, request).catch(() => undefined);
      admitted = principal?.roles.includes(role) === true;
    }
    return admitted;
  };
}
