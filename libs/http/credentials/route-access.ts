import { SetMetadata } from '@nestjs/common';
import { API_ROLES, type Role } from './principal.js';

const ACCESS = 'gatehouse:access';

export { ACCESS as ACCESS_METADATA };

/** Who may call a route. A route without a declaration stops the start. */
export type RouteAccess =
  | { kind: 'public'; roles?: readonly Role[]; isProbe?: true }
  | { kind: 'public-on-loopback'; roles: readonly Role[] }
  | { kind: 'roles'; roles: readonly Role[] };

/** The roles that a caller with a credential needs one of; undefined if any will do, or none. */
export const rolesOf = (access: RouteAccess): readonly Role[] | undefined =>
  'roles' in access ? access.roles : undefined;

/** Admits these roles. */
export const Roles = (...roles: [Role, ...Role[]]) =>
  SetMetadata(ACCESS, { kind: 'roles', roles } satisfies RouteAccess);

/** Admits every role except that of the metrics. */
export const AnyRole = () => Roles(...(API_ROLES as [Role, ...Role[]]));

/** Admits every request. If it carries a credential, that must be valid and names the actor. */
export const Public = () => SetMetadata(ACCESS, { kind: 'public' } satisfies RouteAccess);

/** The same without a limit: an orchestrator ends a process that does not answer its probe. */
export const PublicProbe = () => SetMetadata(ACCESS, { kind: 'public', isProbe: true } satisfies RouteAccess);

/**
 * Admits every request without a credential, and these roles. For public endpoints that write: a credential of another role
 * is refused, since with one the answer shows more.
 */
export const PublicEndpoint = (...roles: [Role, ...Role[]]) =>
  SetMetadata(ACCESS, { kind: 'public', roles } satisfies RouteAccess);

/** Admits every request if the server listens on loopback only and no proxy forwarded it; otherwise these roles. */
export const PublicOnLoopback = (...roles: [Role, ...Role[]]) =>
  SetMetadata(ACCESS, { kind: 'public-on-loopback', roles } satisfies RouteAccess);
