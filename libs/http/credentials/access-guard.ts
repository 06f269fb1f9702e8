import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Networks } from '../../platform/configuration/networks.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { SETTINGS } from '../../platform/ports.js';
import type { GatehouseRequest } from '../request-context.js';
import { Authenticator } from './authenticator.js';
import { bearerOf, Forbidden, Unauthenticated } from './credentials.js';
import { type Principal, ROLES, type Role } from './principal.js';
import { ACCESS_METADATA, type RouteAccess, rolesOf } from './route-access.js';

/** Headers that proxies add to a forwarded request. */
const FORWARDING = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Admits a request to its route or throws; puts the principal and the admitting role on the request. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly onLoopback: boolean;
  private readonly proxies: Networks;

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.onLoopback = LOOPBACK.has(settings.host);
    this.proxies = settings.trustedProxies;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ACCESS_METADATA, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (!access) throw new Forbidden('this route declares no access', {}); // the start refuses such routes; fail closed anyway
    const request = context.switchToHttp().getRequest<GatehouseRequest>();
    const principal = await this.principalOf(request);
    const roles = rolesOf(access) ?? ROLES;
    const role = principal?.roles.find((one) => roles.includes(one));
    request.principal = principal;
    request.admittedRole = role;
    const isOpen = access.kind === 'public' && (!principal || access.roles === undefined);
    if (isOpen || (access.kind === 'public-on-loopback' && this.isFromHere(request))) return true;
    if (!principal) throw new Unauthenticated('this route needs a credential: send "Authorization: Bearer {token}"');
    if (!role) throw refusal(principal, roles);
    return true;
  }

  /** A proxy on this machine forwards requests of others. */
  private isFromHere({ headers, raw: { socket } }: GatehouseRequest): boolean {
    const isForwarded =
      FORWARDING.some((name) => headers[name] !== undefined) || this.proxies.has(socket.remoteAddress);
    return this.onLoopback && !isForwarded;
  }

  private async principalOf(request: GatehouseRequest): Promise<Principal | undefined> {
    const credential = bearerOf(request.headers.authorization);
    if (credential === undefined) return undefined;
    const principal = await this.authenticator.authenticate(credential, request);
    if (!principal) throw this.authenticator.refusal(request);
    return principal;
  }
}

const refusal = ({ id, roles }: Principal, required: readonly Role[]): Forbidden =>
  new Forbidden(
    `${id} has ${roles.length > 0 ? `the roles ${roles.join(', ')}` : 'no role'}; this route admits ${required.join(', ')}`,
    { required },
  );
