import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Settings } from '../configuration/settings.js';
import type { GatehouseRequest } from '../http/request-context.js';
import { SETTINGS } from '../ports.js';
import { Authenticator } from './authenticator.js';
import { bearerOf, Forbidden, Unauthenticated } from './credentials.js';
import { type Principal, ROLES, type Role } from './principal.js';
import { ACCESS_METADATA, type RouteAccess } from './route-access.js';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Admits a request to its route or throws; puts the principal and the admitting role on the request. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly onLoopback: boolean;

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.onLoopback = LOOPBACK.has(settings.host);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ACCESS_METADATA, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (!access) throw new Forbidden('this route declares no access', {}); // the start refuses such routes; should one slip by, so does this
    const request = context.switchToHttp().getRequest<GatehouseRequest>();
    const principal = await this.principalOf(request);
    const roles = access.kind === 'roles' ? access.roles : ROLES;
    const role = principal?.roles.find((one) => roles.includes(one));
    request.principal = principal;
    request.admittedRole = role;
    if (access.kind === 'public' || (access.kind === 'public-on-loopback' && this.onLoopback)) return true;
    if (!principal) throw new Unauthenticated('this route needs a credential: send "Authorization: Bearer {token}"');
    if (!role) throw refusal(principal, roles);
    return true;
  }

  private async principalOf({ headers }: GatehouseRequest): Promise<Principal | undefined> {
    const credential = bearerOf(headers.authorization);
    if (credential === undefined) return undefined;
    const principal = await this.authenticator.authenticate(credential);
    if (!principal)
      throw new Unauthenticated('the credential is unknown, revoked or expired: ask an administrator for a new one');
    return principal;
  }
}

const refusal = ({ id, roles }: Principal, required: readonly Role[]): Forbidden =>
  new Forbidden(
    `${id} has ${roles.length > 0 ? `the roles ${roles.join(', ')}` : 'no role'}; this route admits ${required.join(', ')}`,
    { required },
  );
