import { applyDecorators, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ROLES, type Role } from './principal.js';

const ACCESS = 'gatehouse:access';

export { ACCESS as ACCESS_METADATA };

/** Who may call a route. A route without a declaration stops the start. */
export type RouteAccess =
  | { kind: 'public' }
  | { kind: 'public-on-loopback' }
  | { kind: 'roles'; roles: readonly Role[] };

/** Admits these roles. */
export const Roles = (...roles: [Role, ...Role[]]) =>
  SetMetadata(ACCESS, { kind: 'roles', roles } satisfies RouteAccess);

/** Admits every role: any credential that has one. */
export const AnyRole = () => Roles(...(ROLES as unknown as [Role, ...Role[]]));

/** Admits every request. If it carries a credential, that must be valid and names the actor. */
export const Public = () => SetMetadata(ACCESS, { kind: 'public' } satisfies RouteAccess);

/** Admits every request, with a rate limit per address unless it has a credential. For public endpoints that write. */
export const PublicEndpoint = () => applyDecorators(Public(), RouteConfig({ rateLimit: {} }));

/** Admits every request if the server listens on loopback only and no proxy forwarded it; otherwise any role. */
export const PublicOnLoopback = () => SetMetadata(ACCESS, { kind: 'public-on-loopback' } satisfies RouteAccess);
