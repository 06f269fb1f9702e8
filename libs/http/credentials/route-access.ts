import { applyDecorators, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ROLES, type Role } from './principal.js';

const ACCESS = 'gatehouse:access';

export { ACCESS as ACCESS_METADATA };

/** Who may call a route. A route without a declaration stops the start. */
export type RouteAccess =
  | { kind: 'public'; roles?: readonly Role[] }
  | { kind: 'public-on-loopback' }
  | { kind: 'roles'; roles: readonly Role[] };

/** The roles that a caller with a credential needs one of; undefined if any will do, or none. */
export const rolesOf = (access: RouteAccess): readonly Role[] | undefined =>
  'roles' in access ? access.roles : undefined;

/** Admits these roles. */
export const Roles = (...roles: [Role, ...Role[]]) =>
  SetMetadata(ACCESS, { kind: 'roles', roles } satisfies RouteAccess);

/** Admits every role: any credential that has one. */
export const AnyRole = () => Roles(...(ROLES as unknown as [Role, ...Role[]]));

/** Admits every request. If it carries a credential, that must be valid and names the actor. */
export const Public = () => SetMetadata(ACCESS, { kind: 'public' } satisfies RouteAccess);

/**
 * Admits every request without a credential, with a rate limit per address, and these roles. For public endpoints that
 * write: a credential of another role is refused, since with one the answer shows more.
 */
export const PublicEndpoint = (...roles: [Role, ...Role[]]) =>
  applyDecorators(SetMetadata(ACCESS, { kind: 'public', roles } satisfies RouteAccess), RouteConfig({ rateLimit: {} }));

/** Admits every request if the server listens on loopback only and no proxy forwarded it; otherwise any role. */
export const PublicOnLoopback = () => SetMetadata(ACCESS, { kind: 'public-on-loopback' } satisfies RouteAccess);
