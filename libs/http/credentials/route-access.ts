import { applyDecorators, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ROLES, type Role } from './principal.js';

const ACCESS = 'gatehouse:access';

export { ACCESS as ACCESS_METADATA };

/** Who may call a route. A route that declares nothing stops the start. */
export type RouteAccess =
  | { kind: 'public' }
  | { kind: 'public-on-loopback' }
  | { kind: 'roles'; roles: readonly Role[] };

/** Admits these roles. */
export const Roles = (...roles: [Role, ...Role[]]) =>
  SetMetadata(ACCESS, { kind: 'roles', roles } satisfies RouteAccess);

/** Admits every role: any credential that has one. */
export const AnyRole = () => Roles(...(ROLES as unknown as [Role, ...Role[]]));

/** Admits anybody. A credential that is sent nevertheless must be right, and then names the actor. */
export const Public = () => SetMetadata(ACCESS, { kind: 'public' } satisfies RouteAccess);

/** Admits anybody, so many times a minute from one address; a credential lifts the limit. For doors that write. */
export const PublicEndpoint = () => applyDecorators(Public(), RouteConfig({ rateLimit: {} }));

/** Admits anybody who asks on loopback, where the server listens there only and no proxy is between; otherwise any role. */
export const PublicOnLoopback = () => SetMetadata(ACCESS, { kind: 'public-on-loopback' } satisfies RouteAccess);
